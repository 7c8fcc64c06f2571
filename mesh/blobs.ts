/** Files of an instance: in a folder, in the database, or in a bucket. A name is one to four tokens `[A-Za-z0-9_-]{1,64}`, joined by `/`. */
export interface Blobs extends AsyncDisposable {
  /**
   * Keeps bytes under a name, in the place of what is there; when it resolves, they last. Rejects with RESOURCE_EXHAUSTED beyond `limitBytes`, with whatever
   * `bytes` throws, and when the signal aborts: then nothing is kept, and what was there before stays.
   */
  put(
    name: string,
    bytes: AsyncIterable<Uint8Array>,
    options?: { limitBytes?: number; signal?: AbortSignal },
  ): Promise<{ readonly sizeBytes: number; /** SHA-256, base64url. */ readonly hash: string }>
  /** The bytes in pieces of at most 1 MB. Throws NOT_FOUND. */
  open(name: string, options?: { signal?: AbortSignal }): AsyncIterable<Uint8Array>
  /** A file of this computer that has the bytes, for programs and threads that read it themselves; `release` when it is not needed any more. Rejects with NOT_FOUND. */
  file(name: string): Promise<{ readonly path: string; release(): Promise<void> }>
  /** Removes it; it need not be there. */
  remove(name: string): Promise<void>
}
