import { expect, test } from 'vitest'
import { roomValidator } from '../../../node/gossip/room.ts'
import type { PeerIdString } from '../../../node/network/network.ts'
import { seal } from '../../../protocol/envelope.ts'
import { idOf, type RoomId } from '../../../protocol/ids.ts'
import { BEACON } from '../../../protocol/room/beacon.ts'
import { OPERATION } from '../../../protocol/room/operation.ts'
import type { Verifier } from '../../../protocol/signature.ts'
import { bytesOf, type Person } from '../../support/community.ts'
import { createScene, ROOM, verifier as real } from '../mesh/scene.ts'

const RELAY = 'a relay' as PeerIdString

test('TOPIC-5 more than anybody says, though truly signed, is ignored unverified; what others say in their name counts for nothing', async () => {
  const { clock, membership, session } = await createScene()
  const [bob, mallory] = [await session('Bob'), await session('Mallory')]
  let verified = 0
  const verifier: Verifier = {
    verify(...signed) {
      verified += 1
      return real.verify(...signed)
    },
  }
  const validate = roomValidator({ verifier, membership }, ROOM, clock, () => true)
  let seq = 0
  const beacon = async ({ member, community, device }: Person, forged = false) => {
    const key = bob.key
    const payload = {
      r: ROOM,
      m: member,
      peer: key,
      seq: seq++,
      here: true,
      hand: 0,
      mic: 'none',
      speak: false,
    }
    const { bytes } = await seal(BEACON, community, payload, [device])
    const said = bytes.slice()
    if (forged) said[said.length - 33] = (said[said.length - 33] as number) ^ 1
    return validate(RELAY, said)
  }

  for (let i = 0; i < 120; i++) expect(await beacon(bob.person, true)).toBe('reject')
  for (let i = 0; i < 100; i++) expect(await beacon(mallory.person)).toBe('accept')
  verified = 0
  for (let i = 0; i < 50; i++) expect(await beacon(mallory.person)).toBe('ignore')
  expect(verified).toBe(0)
  expect(await beacon(bob.person)).toBe('accept')
  clock.turn(50)
  expect(await beacon(mallory.person)).toBe('accept')
  expect(await beacon(mallory.person)).toBe('ignore')
  clock.turn(60_000)
  for (let i = 0; i < 100; i++) expect(await beacon(mallory.person)).toBe('accept')
  expect(await beacon(mallory.person)).toBe('ignore')
})

test('TOPIC-5 a bundle is as many messages as it has acts; played back it costs its maker one', async () => {
  const { clock, membership, session } = await createScene()
  const { member, community, device } = (await session('Bob')).person
  const taken = new Set<string>()
  const validate = roomValidator({ verifier: real, membership }, ROOM, clock, (message) => {
    const id = message.kind === 'beacon' ? message.envelope.id : message.signed.id
    return taken.size < taken.add(id).size
  })
  let n = 0
  const bundle = async (acts: number) => {
    const also = Array(acts - 1).fill({ k: 'lock' })
    const place = { r: ROOM, m: member, n: n++, heads: [], at: 0 }
    return (await seal(OPERATION, community, { ...place, k: 'lock', also }, [device])).bytes
  }
  const first = await bundle(32)
  expect(await validate(RELAY, first)).toBe('accept')
  for (let i = 0; i < 4; i++) expect(await validate(RELAY, first)).toBe('ignore')
  // 64 are left. The third leaves Bob owing 32, which he waits for.
  for (let i = 0; i < 3; i++)
    expect(await validate(RELAY, await bundle(32))).toBe(i < 2 ? 'accept' : 'ignore')
  expect(taken.size).toBe(3)
  clock.turn(50)
  expect(await validate(RELAY, await bundle(32))).toBe('accept')
  clock.turn(31 * 50)
  expect(await validate(RELAY, await bundle(2))).toBe('ignore')
  clock.turn(50)
  expect(await validate(RELAY, await bundle(2))).toBe('accept')
})

test('TOPIC-5 a bundle is counted once, also where all is carried on; many that come at once leave their maker owing no more than one', async () => {
  const { clock, membership, session } = await createScene()
  const { member, community, device } = (await session('Bob')).person
  // A relay does not know what of the room is news.
  let isNews = false
  const validate = roomValidator({ verifier: real, membership }, ROOM, clock, () => isNews)
  const also = Array(31).fill({ k: 'lock' })
  const bundle = async (n: number) => {
    const place = { r: ROOM, m: member, n, heads: [], at: 0 }
    return (await seal(OPERATION, community, { ...place, k: 'lock', also }, [device])).bytes
  }
  // What catching up brought before costs one each.
  for (let i = 100; i < 105; i++) expect(await validate(RELAY, await bundle(32 * i))).toBe('ignore')
  isNews = true
  const old = await bundle(0)
  for (let i = 0; i < 8; i++) expect(await validate(RELAY, old)).toBe('accept')
  const many = await Promise.all(Array.from({ length: 20 }, (_, i) => bundle(32 * (i + 1))))
  const verdicts = await Promise.all(many.map((bytes) => validate(RELAY, bytes)))
  expect(verdicts).toEqual(many.map(() => 'accept'))
  // 32 are owed, and not the 600 that came.
  clock.turn(32 * 50)
  expect(await validate(RELAY, old)).toBe('ignore')
  clock.turn(50)
  expect(await validate(RELAY, old)).toBe('accept')
})

test('TOPIC-3 what is of another room is rejected, of either kind, and what is no news is not carried on', async () => {
  const { clock, membership, session } = await createScene()
  const { person, key } = await session('Bob')
  const { member, community, device } = person
  const taken = new Set<string>()
  const validate = roomValidator({ verifier: real, membership }, ROOM, clock, (message) => {
    const id = message.kind === 'beacon' ? message.envelope.id : message.signed.id
    return taken.size < taken.add(id).size
  })
  const elsewhere = idOf<RoomId>(bytesOf('another room'))
  const of = async (r: RoomId) => [
    await seal(
      BEACON,
      community,
      { r, m: member, peer: key, seq: 1, here: true, hand: 0, mic: 'none', speak: false },
      [device],
    ),
    await seal(OPERATION, community, { r, m: member, n: 0, heads: [], k: 'checkpoint', at: 0 }, [device]),
  ]
  for (const { bytes } of await of(elsewhere)) expect(await validate(RELAY, bytes)).toBe('reject')
  expect(taken.size).toBe(0)
  for (const { bytes } of await of(ROOM))
    expect([await validate(RELAY, bytes), await validate(RELAY, bytes)]).toEqual(['accept', 'ignore'])
})
