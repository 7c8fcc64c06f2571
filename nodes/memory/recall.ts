import { defineNode } from '#graph/define.ts'
import { toTime } from '../language/knowledge.ts'
import { toMemory } from '../language/memory.ts'
import '../services.ts'

export default defineNode({
  title: 'Recall',
  about: 'Finds what in the memory is about a text: by meaning and by words, and of what fits as well the newer first.',
  icon: 'history',
  kind: 'action',
  effect: 'idempotent',
  config: {
    type: 'object',
    properties: {
      most: { type: 'integer', title: 'At most', minimum: 1, maximum: 100, default: 5 },
      least: {
        type: 'number',
        title: 'Least fit',
        minimum: 0,
        maximum: 1,
        default: 0,
        description: 'What fits less is left out',
      },
      recency: {
        type: 'number',
        title: 'Newness counts',
        minimum: 0,
        maximum: 1,
        default: 0.25,
        description: '0: not at all; 1: alone',
      },
      halfLifeHours: {
        type: 'number',
        title: 'Half as new after … hours',
        minimum: 0,
        maximum: 876_000,
        default: 0,
        description: '0: as the instance does',
      },
      channel: { type: 'string', title: 'Channel', default: '', description: 'Empty: all' },
      sender: { type: 'string', title: 'Who', default: '', description: 'Empty: all' },
      type: { type: 'string', title: 'Type', default: '', description: 'Empty: all' },
      agent: { type: 'string', title: 'Agent', default: '', description: 'Empty: all' },
    },
  },
  inputs: {
    text: { type: 'string', required: true, about: 'What it is to be about' },
    channel: { type: 'string', about: 'In place of the one in the settings' },
    entity: { type: 'string', about: 'Only what is about this entity: its id' },
    before: { type: 'any', about: 'Only what happened before this time' },
  },
  outputs: {
    events: { type: 'array', about: 'The best first, each with its score' },
    text: { type: 'string', about: 'One a line: day, who, what' },
    context: { type: 'string', about: 'Under [1], [2] …: for a prompt' },
    best: { type: 'any', about: 'The first of them; null: none' },
    count: { type: 'number' },
  },
  flow: { in: ['in'], out: ['found', 'missing'] },
  async run({ text: about, channel, entity = '', before }, { config, services, signal, log, node }) {
    const { most, least, recency, halfLifeHours, sender, type, agent } = config
    const answer = await services.event.search(
      {
        ...{ text: about, limit: most, recency, sender, type, agentId: agent, entityId: entity },
        halfLifeMs: Math.round(halfLifeHours * 3_600_000),
        channel: channel ?? config.channel,
        to: toTime(before, 'before'),
        origin: { nodeId: node },
      },
      { signal },
    )
    if (answer.notice !== '') log('warn', answer.notice)
    const found = answer.found.flatMap(({ event, score, fit }) =>
      event && fit >= least ? [{ event, score, fit }] : [],
    )
    const events = found.map(({ event, score, fit }) => ({
      ...toMemory(event),
      score: rounded(score),
      fit: rounded(fit),
    }))
    const said = found.map(({ event: { at, sender, content } }) => ({
      day: new Date(at).toISOString().slice(0, 10),
      sender,
      content,
    }))
    const text = said.map(({ day, sender, content }) => `${day} ${sender}: ${content}`).join('\n')
    const context = said.map(({ day, sender, content }, index) => `[${index + 1}] ${sender}, ${day}\n${content}`)
    return {
      outputs: { events, text, context: context.join('\n\n'), best: events[0] ?? null, count: events.length },
      pulse: events.length > 0 ? 'found' : 'missing',
    }
  },
})

function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6
}
