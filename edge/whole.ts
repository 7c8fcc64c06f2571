// Requests and replies whose bodies are here, whole. The standard ones make a stream of every body, which takes longer than all else that they do.

/** Of the same behaviour; their types say that what is overridden here were fields. */
const BareRequest = Request as unknown as new (url: URL, init: RequestInit) => object
const BareResponse = Response as unknown as new (body: null, init: ResponseInit) => object

type Bytes = Uint8Array<ArrayBuffer>

export interface WholeRequestInit {
  readonly method: string
  readonly headers: [string, string][]
  readonly signal: AbortSignal
  /** Undefined: it has none. */
  readonly body: Bytes | undefined
}

/** A request whose body has arrived. Throws TypeError where Request does. */
export function wholeRequest(url: URL, init: WholeRequestInit): Request {
  return new WholeRequest(url, init) as unknown as Request
}

class WholeRequest extends BareRequest {
  readonly #url: URL
  readonly #init: WholeRequestInit

  constructor(url: URL, init: WholeRequestInit) {
    super(url, { method: init.method, headers: init.headers })
    this.#url = url
    this.#init = init
  }
  get signal(): AbortSignal {
    return this.#init.signal
  }
  async arrayBuffer(): Promise<ArrayBuffer> {
    const { buffer, byteOffset, byteLength } = this.#init.body ?? new Uint8Array(0)
    // It may lie in memory that others share.
    return buffer.slice(byteOffset, byteOffset + byteLength)
  }
  // What else there is, is the standard's.
  get body(): ReadableStream<Bytes> | null {
    return this.#standard().body
  }
  async text(): Promise<string> {
    return this.#standard().text()
  }
  async json(): Promise<unknown> {
    return this.#standard().json()
  }
  async bytes(): Promise<Bytes> {
    return new Uint8Array(await this.arrayBuffer())
  }
  async blob(): Promise<Blob> {
    return this.#standard().blob()
  }
  async formData(): Promise<FormData> {
    return this.#standard().formData()
  }
  clone(): Request {
    return wholeRequest(this.#url, this.#init)
  }

  #standard(): Response {
    return new Response(this.#init.body ?? null, { headers: this.#init.headers })
  }
}

/** A reply that is a text. */
export function wholeReply(text: string, init: ResponseInit): Response {
  return new WholeReply(text, init) as unknown as Response
}

/** The text of a reply that {@link wholeReply} made. */
export function textOfReply(reply: Response): string | undefined {
  return (reply as unknown) instanceof WholeReply ? (reply as unknown as WholeReply).whole : undefined
}

class WholeReply extends BareResponse {
  readonly whole: string

  constructor(text: string, init: ResponseInit) {
    super(null, init)
    this.whole = text
  }
  get body(): ReadableStream<Bytes> | null {
    return this.#standard().body
  }
  async arrayBuffer(): Promise<ArrayBuffer> {
    return this.#standard().arrayBuffer()
  }
  async text(): Promise<string> {
    return this.whole
  }
  async json(): Promise<unknown> {
    return JSON.parse(this.whole)
  }
  async bytes(): Promise<Bytes> {
    return new Uint8Array(await this.arrayBuffer())
  }
  async blob(): Promise<Blob> {
    return this.#standard().blob()
  }
  async formData(): Promise<FormData> {
    return this.#standard().formData()
  }
  clone(): Response {
    return wholeReply(this.whole, this as unknown as Response)
  }

  #standard(): Response {
    return new Response(this.whole, { headers: (this as unknown as Response).headers })
  }
}
