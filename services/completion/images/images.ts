import type { CompletionServiceDefinition, GenerateImageRequest } from '#gen/spellmesh/completion/v1/completion.ts'
import { invalid, unavailable } from '#mesh/errors.ts'
import type { Problem } from '#mesh/errors.ts'
import type { Handlers } from '#mesh/service.ts'
import type { Attempts } from '../attempts.ts'
import type { Catalogue } from '../catalogue.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { ProviderImageRequest } from '../provider.ts'

export interface ImagesOptions {
  readonly catalogue: Pick<Catalogue, 'find'>
  readonly attempt: Attempts
  readonly ledger: Pick<Ledger, 'begin'>
  readonly defaultModel: string
}

const PIECE_BYTES = 1_000_000

/** Answers `GenerateImage`. */
export function createImages({
  catalogue,
  attempt,
  ledger,
  defaultModel,
}: ImagesOptions): Pick<Handlers<typeof CompletionServiceDefinition>, 'generateImage'> {
  return {
    async *generateImage(request, call) {
      const { caller, signal } = call
      const checked = readImageRequest(request)
      const found = await catalogue.find(request.model || defaultModel, 'image', call, signal)
      const { origin, limits } = request
      const inputTokensEstimate = Math.ceil(Buffer.byteLength(request.prompt) / 4)
      const meter = await ledger.begin({ caller, origin, limits, model: found.id, inputTokensEstimate, signal })
      try {
        const parts = attempt(found, async function* () {
          yield* found.provider.image?.({ ...checked, model: found.model }, found.call) ?? []
        })
        for await (const part of parts) {
          if ('notice' in part) yield { part: { $case: 'notice', value: part.notice } }
          else {
            const { bytes, mediaType } = part
            if (bytes.length === 0) throw unavailable(`"${found.id}" gave an empty picture`)
            const usage = await meter.end(part.usage)
            for (let at = 0; at < bytes.length; at += PIECE_BYTES)
              yield { part: { $case: 'data', value: bytes.subarray(at, at + PIECE_BYTES) } }
            yield { part: { $case: 'finish', value: { mediaType, model: found.id, usage } } }
            return
          }
        }
        throw unavailable(`"${found.id}" gave no picture`)
      } finally {
        await meter[Symbol.asyncDispose]()
      }
    },
  }
}

const MOST_CHARACTERS = 32_000
const LEAST_SIDE = 16
const MOST_SIDE = 4_096

/** Throws INVALID_ARGUMENT with every bad field. */
function readImageRequest({ prompt, size, seed, limits }: GenerateImageRequest): Omit<ProviderImageRequest, 'model'> {
  const problems: Problem[] = []
  if (prompt.trim() === '') problems.push({ path: 'prompt', message: 'must not be empty' })
  if (prompt.length > MOST_CHARACTERS)
    problems.push({ path: 'prompt', message: `is ${prompt.length} characters long; at most ${MOST_CHARACTERS}` })
  const sides = /^(\d{1,5})x(\d{1,5})$/.exec(size)?.slice(1).map(Number)
  if (size !== '' && !sides?.every(side => side >= LEAST_SIDE && side <= MOST_SIDE))
    problems.push({
      path: 'size',
      message: `"${size}" is not WIDTHxHEIGHT, each from ${LEAST_SIDE} to ${MOST_SIDE}, e.g. "1024x1024"`,
    })
  limits.forEach(({ scope, cost }, index) => {
    const path = `limits[${index}]`
    if (scope !== 'node' && scope !== 'run')
      problems.push({ path: `${path}.scope`, message: `"${scope}" is neither node nor run` })
    if (!(cost >= 0 && cost < Infinity))
      problems.push({ path: `${path}.cost`, message: `${cost} is no sum of dollars` })
  })
  if (problems.length > 0) throw invalid(problems)
  return { prompt, ...(size === '' ? {} : { size }), ...(seed === undefined ? {} : { seed }) }
}
