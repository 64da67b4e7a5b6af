import { describe, expect, test } from 'vitest'
import { FOUND, HELLO, LEDGER, PROFILES, ROOMS, type Service } from '../../../protocol/wire/services.ts'
import { STATE } from '../../../protocol/wire/state-service.ts'
import { MALFORMED, type Malformed, ONE_OF_EACH } from '../../support/malformed.ts'
import { PATIENCE } from '../../support/node-peer.ts'
import { refusalOf, refused, rest } from '../../support/raw-client.ts'
import { besieged } from './besieged.ts'

const town = besieged()

describe('reads', () => {
  test.each([HELLO, FOUND, LEDGER, STATE, PROFILES, ROOMS])(
    'no spelling that is not canonical on $protocol',
    async (service) => {
      const mallory = await town.member(town.seeded.mallory)
      for (const one of MALFORMED)
        expect(await refusalOf(mallory, service, one.bytes), one.name).toBe(reason(service, one))
    },
  )

  test('none inside a well-formed request either', async () => {
    const mallory = await town.member(town.seeded.oscar)
    for (const { name, reason: wrong, bytes } of ONE_OF_EACH) {
      if (bytes.length === 0) continue
      expect(refused(await mallory.ask(LEDGER, { put: bytes })), name).toBe(wrong)
      expect(refused(await mallory.ask(HELLO, { p: bytes })), name).toMatch(
        new RegExp(`^(${wrong}|rate-limited)$`),
      )
      expect(refused(await mallory.ask(PROFILES, { put: bytes })), name).toBe(wrong)
    }
  })

  test.each([HELLO, FOUND, LEDGER, STATE, PROFILES, ROOMS])(
    'no frame that is too large on $protocol',
    async (service) => {
      const mallory = await town.member(town.seeded.mallory)
      const most = Math.max(service.request.maxBytes, service.answer.maxBytes)
      expect(await refusalOf(mallory, service, new Uint8Array(service.request.maxBytes + 1))).toBe(
        service.request.maxBytes === most ? 'reset' : 'too-large',
      )
      expect(await refusalOf(mallory, service, new Uint8Array(most + 1))).toBe('reset')
    },
  )

  test('no length that lies', async () => {
    const mallory = await town.member(town.seeded.mallory)
    const lies: [string, Uint8Array][] = [
      ['2 GiB', Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x08, 0xa0)],
      ['a length of twelve bytes', new Uint8Array(12).fill(0xff)],
      ['more than comes', Uint8Array.of(100, 0xa0)],
      ['nothing at all', new Uint8Array()],
    ]
    for (const service of [HELLO, LEDGER]) {
      for (const [name, bytes] of lies) {
        const stream = await mallory.open(service.protocol)
        const end = rest(stream)
        if (bytes.length > 0) stream.send(bytes)
        // What was promised will never come.
        await stream.close({ signal: AbortSignal.timeout(PATIENCE) }).catch(() => {})
        expect(await end, name).toHaveLength(0)
      }
    }
  })

  test('an honest request however slowly it comes, byte by byte', async () => {
    const slow = await town.member(town.seeded.mallory)
    const stream = await slow.open(ROOMS.protocol)
    const end = rest(stream)
    for (const byte of [1, 0xa0]) {
      stream.send(Uint8Array.of(byte))
      await slow.ask(ROOMS, {})
    }
    expect((await end).subarray(1)).toEqual(Uint8Array.of(0xa1, 0x65, ...Buffer.from('rooms'), 0x80))
  })
})

/** The reason that is due: bytes that are more than a request may have are not looked into. */
function reason<Q, A>(service: Service<Q, A>, { bytes, reason: wrong }: Malformed): string {
  return bytes.length > service.request.maxBytes ? 'too-large' : wrong
}
