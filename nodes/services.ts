// What nodes may call. The graph itself knows no service.

/** Text from language models; a part of the completion service's contract (proto/spellmesh/completion/v1). */
export interface Completion {
  complete(
    request: {
      readonly model?: string
      readonly messages: readonly { readonly role: string; readonly content: string }[]
      readonly temperature?: number
      readonly maxTokens?: number
      readonly stop?: readonly string[]
      readonly seed?: number
    },
    /** `metadata`: `idempotency-key`, under which the same request gives the same answer and is paid for once. */
    options?: { readonly signal?: AbortSignal; readonly metadata?: Readonly<Record<string, string>> },
  ): AsyncIterable<{
    readonly part?:
      | { readonly $case: 'text'; readonly value: string }
      | {
          readonly $case: 'finish'
          readonly value: {
            readonly reason: string
            readonly model: string
            readonly usage?: { readonly inputTokens: number; readonly outputTokens: number } | undefined
          }
        }
      | undefined
  }>
}

declare module '#graph/define.ts' {
  interface NodeServices {
    readonly completion: Completion
  }
}
