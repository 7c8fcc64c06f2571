import { defineNode } from '#graph/define.ts'

export default defineNode({
  title: 'UUID',
  about:
    'Makes an identifier that no other has: a UUID of version 4 (RFC 9562). It is recorded, and follows from the seed of the run: do not use it as a secret.',
  icon: 'fingerprint-pattern',
  kind: 'action',
  effect: 'pure',
  outputs: { uuid: { type: 'string' } },
  flow: { in: ['in'], out: ['out'] },
  run(_inputs, { random }) {
    const digits = Array.from({ length: 4 }, () =>
      Math.floor(random() * 2 ** 32)
        .toString(16)
        .padStart(8, '0'),
    ).join('')
    const variant = '89ab'.charAt(Number.parseInt(digits.charAt(16), 16) % 4)
    const uuid = [
      digits.slice(0, 8),
      digits.slice(8, 12),
      `4${digits.slice(13, 16)}`,
      variant + digits.slice(17, 20),
      digits.slice(20),
    ].join('-')
    return { outputs: { uuid } }
  },
})
