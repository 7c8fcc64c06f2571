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
import type {
  FetchRequest,
  FetchResponse,
  GetDocumentRequest,
  GetDocumentResponse,
  ListChunksRequest,
  ListChunksResponse,
  UploadRequest,
  UploadResponse,
  WatchRequest,
  WatchResponse,
} from '#gen/spellmesh/document/v1/document.ts'
import type {
  FindRequest,
  FindResponse,
  GetRequest as GetEntityRequest,
  GetResponse as GetEntityResponse,
  LinkRequest,
  LinkResponse,
  SuggestRequest,
  SuggestResponse,
  UpsertRequest,
  UpsertResponse,
} from '#gen/spellmesh/entity/v1/entity.ts'
import type {
  AppendRequest,
  AppendResponse,
  PublishRequest,
  PublishResponse,
  SearchRequest as SearchEventsRequest,
  SearchResponse as SearchEventsResponse,
  SubscribeRequest,
  SubscribeResponse,
  TranscriptRequest,
  TranscriptResponse,
} from '#gen/spellmesh/event/v1/event.ts'
import type { SearchRequest, SearchResponse } from '#gen/spellmesh/search/v1/search.ts'
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

/** Documents and their pieces (proto/spellmesh/document/v1). */
export interface Documents {
  upload(requests: AsyncIterable<DeepPartial<UploadRequest>>, options?: CallOptions): Promise<UploadResponse>
  fetch(request: DeepPartial<FetchRequest>, options?: CallOptions): Promise<FetchResponse>
  watch(request: DeepPartial<WatchRequest>, options?: CallOptions): AsyncIterable<WatchResponse>
  getDocument(request: DeepPartial<GetDocumentRequest>, options?: CallOptions): Promise<GetDocumentResponse>
  listChunks(request: DeepPartial<ListChunksRequest>, options?: CallOptions): Promise<ListChunksResponse>
}

/** What happened, and what is told live (proto/spellmesh/event/v1). */
export interface Events {
  append(request: DeepPartial<AppendRequest>, options?: CallOptions): Promise<AppendResponse>
  search(request: DeepPartial<SearchEventsRequest>, options?: CallOptions): Promise<SearchEventsResponse>
  transcript(request: DeepPartial<TranscriptRequest>, options?: CallOptions): Promise<TranscriptResponse>
  publish(request: DeepPartial<PublishRequest>, options?: CallOptions): Promise<PublishResponse>
  subscribe(request: DeepPartial<SubscribeRequest>, options?: CallOptions): AsyncIterable<SubscribeResponse>
}

/** Who and what is known (proto/spellmesh/entity/v1). */
export interface Entities {
  get(request: DeepPartial<GetEntityRequest>, options?: CallOptions): Promise<GetEntityResponse>
  find(request: DeepPartial<FindRequest>, options?: CallOptions): Promise<FindResponse>
  upsert(request: DeepPartial<UpsertRequest>, options?: CallOptions): Promise<UpsertResponse>
  link(request: DeepPartial<LinkRequest>, options?: CallOptions): Promise<LinkResponse>
  suggest(request: DeepPartial<SuggestRequest>, options?: CallOptions): Promise<SuggestResponse>
}

/** Search over all of them and the web (proto/spellmesh/search/v1). */
export interface Search {
  search(request: DeepPartial<SearchRequest>, options?: CallOptions): Promise<SearchResponse>
}

declare module '#graph/define.ts' {
  interface NodeServices {
    readonly completion: Completion
    readonly cache: Cache
    readonly huggingface: Huggingface
    readonly speech: Speech
    readonly document: Documents
    readonly event: Events
    readonly entity: Entities
    readonly search: Search
  }
}
