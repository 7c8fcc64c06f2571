import type { Json, JsonObject } from '#graph/json.ts'

// What REST answers of documents, memory and entities (proto/spellmesh/{document,search,event,entity}/v1).

export interface JobRecord {
  readonly state: string
  readonly progress: number
  readonly code: string
  readonly message: string
  readonly attempts: number
  readonly newChunks: number
  readonly keptChunks: number
  readonly withoutVectors: boolean
}
export interface DocumentRecord {
  readonly id: string
  readonly collection: string
  readonly name: string
  readonly title: string
  readonly type: string
  readonly mediaType: string
  readonly sizeBytes: number
  /** Of the web: its URL. */
  readonly source: string
  readonly metadata?: JsonObject
  readonly language: string
  readonly encoding: string
  readonly pages: number
  readonly chunks: number
  readonly characters: number
  readonly job?: JobRecord
  readonly createdAt: number
  readonly updatedAt: number
}
export interface ChunkRecord {
  readonly id: string
  readonly documentId: string
  readonly position: number
  readonly text: string
  readonly page: number
  readonly lastPage: number
  readonly headings: readonly string[]
  readonly from: number
  readonly to: number
  readonly kind: string
}
export interface CollectionRecord {
  readonly name: string
  readonly documents: number
  readonly chunks: number
  readonly sizeBytes: number
  readonly embeddingModels: readonly string[]
}
export interface Span {
  readonly from: number
  readonly to: number
}
export interface ReasonRecord {
  readonly similarity?: number
  readonly vectorRank: number
  readonly wordRank: number
  readonly words: readonly string[]
  readonly rerankScore?: number
  readonly text: string
}
export interface HitRecord {
  readonly source: string
  readonly id: string
  readonly title: string
  readonly text: string
  readonly highlights: readonly Span[]
  readonly score: number
  readonly reason?: ReasonRecord
  readonly documentId: string
  readonly collection: string
  readonly page: number
  readonly headings: readonly string[]
  readonly url: string
  readonly type: string
  readonly at: number
}
export interface EventRecord {
  readonly id: string
  readonly agentId: string
  readonly client: string
  readonly channel: string
  readonly sender: string
  readonly type: string
  readonly content: string
  readonly data?: Json
  readonly entityIds: readonly string[]
  readonly at: number
  readonly indexed: boolean
}
export interface FoundEventRecord {
  readonly event: EventRecord
  readonly score: number
  readonly fit: number
  readonly newness: number
}
/** A custom event, as it is told live. */
export interface PublishedRecord {
  readonly topic: string
  readonly value?: Json
  readonly sender: string
  readonly at: number
  readonly kept: boolean
  /** One that comes again was sent again. */
  readonly id: string
}
export interface RelationRecord {
  readonly fromId: string
  readonly kind: string
  readonly toId: string
  readonly toEvent: boolean
  readonly attributes?: JsonObject
  readonly since: number
  /** 0: it goes on. */
  readonly until: number
  readonly fromName: string
  readonly toName: string
}
export interface EntityRecord {
  readonly id: string
  readonly kind: string
  readonly name: string
  readonly aliases: readonly string[]
  readonly about: string
  readonly attributes?: JsonObject
  readonly relations: readonly RelationRecord[]
  readonly version: number
  readonly createdAt: number
  readonly updatedAt: number
}
export interface ChangeRecord {
  readonly version: number
  /** Since when it was so, and when it was written down. */
  readonly at: number
  readonly writtenAt: number
  readonly by: string
  readonly kind: string
  readonly entity?: EntityRecord
  readonly relation?: RelationRecord
  readonly fields: readonly string[]
}
