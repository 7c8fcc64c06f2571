import { create } from 'zustand'
import type { ModelRecord, ProviderRecord, RecogniserRecord, RestClient, VoiceRecord } from '#client/types.ts'
import { formatPrice, formatTokens } from '../cost/money.ts'

/** What a setting may name: the `format` of its schema. */
export type ModelKind = 'model' | 'embedding-model' | 'image-model' | 'voice' | 'recogniser'

/** Something that can be chosen. */
export interface Choice {
  readonly id: string
  readonly name: string
  readonly provider: string
  readonly about: string
  /** In a few characters; empty: nothing is known. */
  readonly price: string
  readonly context: string
  readonly abilities: readonly string[]
  readonly asOf: string
}
/** All that can be chosen, and what is used where nothing is. */
export interface Choices {
  readonly list: readonly Choice[]
  /** Empty: nobody says. */
  readonly standard: string
  readonly providers: readonly ProviderRecord[]
}

const KINDS = { model: 'chat', 'embedding-model': 'embedding', 'image-model': 'image' } as const

export function isModelKind(format: string | undefined): format is ModelKind {
  return format !== undefined && (Object.hasOwn(KINDS, format) || format === 'voice' || format === 'recogniser')
}

type Known = Partial<Record<ModelKind, Choices | 'away'>>
const useKnown = create<Known>(() => ({}))
let generation = 0

/** What can be chosen; undefined: nobody has answered yet. `away`: nobody answers. */
export function useChoices(kind: ModelKind): Choices | 'away' | undefined {
  return useKnown(known => known[kind])
}

/** Asks the server anew: what is shown stays until it has answered. */
export async function loadChoices(rest: RestClient, kind: ModelKind): Promise<void> {
  const turn = generation
  const found = await read(rest, kind).catch(() => 'away' as const)
  // Meanwhile somebody else came, or a key: what was found is what was.
  if (turn !== generation) return loadChoices(rest, kind)
  useKnown.setState(before => ({ [kind]: found === 'away' ? (before[kind] ?? found) : found }))
}

/** Forgets what is known: somebody else is here, or a key was added. */
export function forgetChoices(): void {
  generation++
  useKnown.setState({}, true)
}

async function read(rest: RestClient, kind: ModelKind): Promise<Choices> {
  if (kind === 'voice' || kind === 'recogniser') {
    const { voices, recognisers, defaultVoice, defaultRecogniser } = await rest.voices()
    return kind === 'voice'
      ? { list: voices.map(fromVoice), standard: defaultVoice, providers: [] }
      : { list: recognisers.map(fromRecogniser), standard: defaultRecogniser, providers: [] }
  }
  const { models, defaultModel, providers = [] } = await rest.models(KINDS[kind])
  const list = models.filter(model => (model.kind ?? 'chat') === KINDS[kind])
  return { list: list.map(fromModel), standard: defaultModel, providers }
}

function fromModel(model: ModelRecord): Choice {
  const { id, provider, name, about, contextTokens = 0, abilities = [], asOf = '' } = model
  return {
    ...{ id, provider, name: name || id.slice(id.indexOf('/') + 1), about, abilities, asOf },
    price: priceOf(model),
    context: contextTokens > 0 ? `${formatTokens(contextTokens)} context` : '',
  }
}

/** Of a million tokens, in and out. */
function priceOf({ provider, inputPrice, outputPrice }: ModelRecord): string {
  if (provider === 'local') return 'free demo'
  if (inputPrice === undefined) return ''
  if (outputPrice === undefined || outputPrice === inputPrice) return formatPrice(inputPrice)
  return inputPrice === 0 && outputPrice === 0 ? 'free' : `${formatPrice(inputPrice)} / ${formatPrice(outputPrice)}`
}

function fromVoice({ id, provider, name, about, languages, formats }: VoiceRecord): Choice {
  const abilities = [...(languages.length > 0 ? languages.slice(0, 4) : ['any language']), ...formats]
  const price = provider === 'local' ? 'free demo' : ''
  return { id, provider, name: name || id.slice(id.indexOf('/') + 1), about, abilities, asOf: '', context: '', price }
}

function fromRecogniser({ id, provider, about, partial, timestamps }: RecogniserRecord): Choice {
  const abilities = [...(partial ? ['partial results'] : []), ...(timestamps ? ['time stamps'] : [])]
  const price = provider === 'local' ? 'free demo' : ''
  return { id, provider, name: id.slice(id.indexOf('/') + 1), about, abilities, asOf: '', context: '', price }
}

/** Those that hold all of the words, by provider: that of the default first, else in the order of the list. */
export function groupsOf(
  { list, providers, standard }: Choices,
  words: string,
): readonly { readonly provider: string; readonly title: string; readonly choices: readonly Choice[] }[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean)
  const groups = new Map<string, Choice[]>()
  for (const choice of list) {
    const text = [choice.id, choice.name, choice.about, choice.context, ...choice.abilities].join(' ').toLowerCase()
    if (!wanted.every(word => text.includes(word))) continue
    const group = groups.get(choice.provider)
    if (group) group.push(choice)
    else groups.set(choice.provider, [choice])
  }
  const isFirst = (provider: string) => (standard.startsWith(`${provider}/`) ? 0 : 1)
  const ordered = [...groups].toSorted(([a], [b]) => isFirst(a) - isFirst(b))
  return ordered.map(([provider, choices]) => ({
    provider,
    title: providers.find(one => one.name === provider)?.title || provider,
    choices,
  }))
}

/** Those that cannot be asked now: most of them need a key. */
export function lockedOf({ providers }: Choices, words: string): readonly ProviderRecord[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean)
  return providers.filter(
    ({ ready, name, title }) => !ready && wanted.every(word => `${name} ${title}`.toLowerCase().includes(word)),
  )
}
