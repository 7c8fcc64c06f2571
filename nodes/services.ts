// What nodes may call. The graph itself knows no service.
import type {
  CompleteRequest,
  CompleteResponse,
  EmbedRequest,
  EmbedResponse,
  GenerateImageRequest,
  GenerateImageResponse,
  DeepPartial,
} from '#gen/spellmesh/completion/v1/completion.ts'
import type { GetRequest, GetResponse, SetRequest } from '#gen/spellmesh/cache/v1/cache.ts'
import type { RunRequest, RunResponse } from '#gen/spellmesh/huggingface/v1/huggingface.ts'
import type {
  SynthesizeRequest,
  SynthesizeResponse,
  TranscribeRequest,
  TranscribeResponse,
} from '#gen/spellmesh/speech/v1/speech.ts'

interface CallOptions {
  readonly signal?: AbortSignal
  /** `idempotency-key`: under it the same request gives the same answer and is paid for once. */
  readonly metadata?: Readonly<Record<string, string>>
}

/** Text, embeddings and images from models; a part of the completion service's contract (proto/spellmesh/completion/v1). Which spell and run calls, the runner adds to `origin`. */
export interface Completion {
  complete(request: DeepPartial<CompleteRequest>, options?: CallOptions): AsyncIterable<CompleteResponse>
  embed(request: DeepPartial<EmbedRequest>, options?: CallOptions): Promise<EmbedResponse>
  generateImage(request: DeepPartial<GenerateImageRequest>, options?: CallOptions): AsyncIterable<GenerateImageResponse>
}

/** Results that need not be made twice (proto/spellmesh/cache/v1). */
export interface Cache {
  get(request: DeepPartial<GetRequest>, options?: CallOptions): Promise<GetResponse>
  set(request: DeepPartial<SetRequest>, options?: CallOptions): Promise<object>
}

/** Models of Hugging Face (proto/spellmesh/huggingface/v1). */
export interface Huggingface {
  run(request: DeepPartial<RunRequest>, options?: CallOptions): AsyncIterable<RunResponse>
}

/** Speech from text, and text from speech (proto/spellmesh/speech/v1). */
export interface Speech {
  synthesize(request: DeepPartial<SynthesizeRequest>, options?: CallOptions): AsyncIterable<SynthesizeResponse>
  transcribe(
    requests: AsyncIterable<DeepPartial<TranscribeRequest>>,
    options?: CallOptions,
  ): AsyncIterable<TranscribeResponse>
}

declare module '#graph/define.ts' {
  interface NodeServices {
    readonly completion: Completion
    readonly cache: Cache
    readonly huggingface: Huggingface
    readonly speech: Speech
  }
}
