import { beforeEach, describe, expect, test } from 'vitest'
import { ask, serve } from '../../node/requests.ts'
import { encodeFrame } from '../../protocol/wire/frame.ts'
import { HELLO, LEDGER, ROOMS, type RoomsAnswer } from '../../protocol/wire/services.ts'
import { signerOf } from '../support/community.ts'
import { MALFORMED } from '../support/malformed.ts'
import { MemoryHub, type MemoryNetwork } from '../support/memory-network.ts'
import { PATIENCE } from '../support/patience.ts'

let alice: MemoryNetwork
let bob: MemoryNetwork
const signal = () => AbortSignal.timeout(PATIENCE)

beforeEach(() => {
  const hub = new MemoryHub()
  alice = hub.add(signerOf('Alice session').publicKey)
  bob = hub.add(signerOf('Bob session').publicKey)
  hub.link(alice.peer, bob.peer)
})

describe('asking', () => {
  test('gives the answer, from who was asked', async () => {
    await serve(bob, LEDGER, async (from, request) => {
      expect(from).toBe(alice.peer)
      return { entries: [], size: request.get ?? 0 }
    })
    expect(await ask(alice, bob.peer, LEDGER, { get: 7 }, signal())).toEqual({
      ok: true,
      value: { entries: [], size: 7 },
    })
  })

  test('gives a refusal as a reason', async () => {
    await serve(bob, ROOMS, async () => ({ error: 'not-admitted' }))
    expect(await ask(alice, bob.peer, ROOMS, {}, signal())).toEqual({ ok: false, reason: 'not-admitted' })
  })

  test.each([
    [Uint8Array.of(0xf6), 'type-not-allowed'],
    [Uint8Array.of(0xa1, 0x61, 0x78, 0x01), 'field-unknown'],
    [new Uint8Array(), 'malformed'],
    [new Uint8Array(ROOMS.answer.maxBytes + 1), 'too-large'],
  ] as const)('takes no answer that cannot be read: %s', async (bytes, reason) => {
    const options = { maxBytes: 2 * ROOMS.answer.maxBytes, maxConcurrentPerPeer: 1 }
    await bob.handle(ROOMS.protocol, options, async () => bytes)
    const asked = ask(alice, bob.peer, ROOMS, {}, signal())
    // What is over the bound does not get so far as to be read.
    if (reason === 'too-large') await expect(asked).rejects.toMatchObject({ code: 'too-large' })
    else expect(await asked).toMatchObject({ ok: false, reason })
  })

  test('fails like the network when nobody answers', async () => {
    await expect(ask(alice, bob.peer, ROOMS, {}, signal())).rejects.toMatchObject({ code: 'refused' })
    await serve(bob, ROOMS, async () => {
      throw new Error('a defect')
    })
    await expect(ask(alice, bob.peer, ROOMS, {}, signal())).rejects.toMatchObject({ code: 'refused' })
  })

  test('asks nothing that others would not read', async () => {
    await expect(ask(alice, bob.peer, LEDGER, {}, signal())).rejects.toThrow(TypeError)
    await expect(ask(alice, bob.peer, HELLO, { p: new Uint8Array() }, signal())).rejects.toThrow(TypeError)
  })
})

describe('serving', () => {
  const options = { signal: AbortSignal.timeout(PATIENCE), maxBytes: ROOMS.answer.maxBytes }
  const refusing = (reason: string) => encodeFrame(ROOMS.answer, { error: reason } as RoomsAnswer)

  test.each(MALFORMED)('refuses with its reason: $name', async ({ bytes, reason }) => {
    await serve(bob, ROOMS, async () => {
      throw new Error('nobody should have been asked')
    })
    const expected = bytes.length > ROOMS.request.maxBytes ? 'too-large' : reason
    expect(await alice.request(bob.peer, ROOMS.protocol, bytes, options)).toEqual(refusing(expected))
  })

  test('refuses a request of another shape', async () => {
    await serve(bob, ROOMS, async () => ({ rooms: [] }))
    const more = Uint8Array.of(0xa1, 0x61, 0x78, 0x01)
    expect(await alice.request(bob.peer, ROOMS.protocol, more, options)).toEqual(refusing('field-unknown'))
  })

  test('sends no answer that others would not read', async () => {
    await serve(bob, ROOMS, async () => ({ rooms: [new Uint8Array()] }))
    await expect(ask(alice, bob.peer, ROOMS, {}, signal())).rejects.toMatchObject({ code: 'refused' })
  })
})
