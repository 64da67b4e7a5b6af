import { beforeEach, describe, expect, test } from 'vitest'
import { type TurnedClock, turnedClock } from '../../../node/ports/turned-clock.ts'
import { audienceCommitment, epochDigest, ratchet, sortedKeys } from '../../../protocol/audio/epoch.ts'
import { seal } from '../../../protocol/envelope.ts'
import { type CommunityId, idBytes, idOf, keyText, type OperationId } from '../../../protocol/ids.ts'
import { nextOfDevice } from '../../../protocol/room/history.ts'
import { LEVEL } from '../../../protocol/room/level.ts'
import { OPERATION } from '../../../protocol/room/operation.ts'
import { bytesOf, NOON, signerOf } from '../../support/community.ts'
import { type EpochScene, epochScene, type Inmate, onto } from '../../support/epoch-scene.ts'
import { settled } from '../mesh/scene.ts'

/** Alice opened the room, Bob and Carol listen. */

let clock: TurnedClock
let scene: EpochScene
let alice: Inmate
let bob: Inmate
let carol: Inmate

beforeEach(async () => {
  clock = turnedClock(NOON * 1000)
  scene = await epochScene(clock)
  alice = await scene.enter('Alice')
  bob = await scene.enter('Bob')
  carol = await scene.enter('Carol')
  await later(1_000)
})

/** So much later, with everything done that was due; as a room does, each looks again every second. */
async function later(milliseconds: number): Promise<void> {
  for (let left = milliseconds; left > 0; left -= 250) {
    await settled()
    clock.turn(Math.min(250, left))
    scene.settle()
    await settled()
  }
}

/** Can one open now what the other seals now? */
function hears(listener: Inmate, speaker: Inmate): boolean {
  const { speak } = speaker.keys
  const held = listener.keys.held.find(({ epoch }) => epoch === speak?.epoch)
  if (speak === undefined || held === undefined || held.generation > speak.generation) return false
  return Buffer.from(ratchet(scene.room, held, speak.generation).secret).equals(speak.secret)
}

const epoch = () => scene.log.state.epoch?.number

describe('EPOCH-1', () => {
  test('who leads the room makes the first epoch, and all hear them', () => {
    expect(epoch()).toBe(1)
    expect([bob, carol].map((each) => hears(each, alice))).toEqual([true, true])
    expect(alice.reports).toEqual([])
  })

  test('when the keeper goes, who leads then makes a new one', async () => {
    await onto(alice, bob, scene, LEVEL.comoderator)
    alice.leave()
    await later(5_000)
    expect(scene.log.state.epoch?.by).toBe(bob.person.member)
    expect(hears(carol, bob)).toBe(true)
  })

  test('where nobody leads, one of the stage hands on what there is', async () => {
    await onto(alice, bob, scene)
    await later(1_000)
    alice.leave()
    const dave = await scene.enter('Dave')
    await later(5_000)
    expect(epoch()).toBe(1)
    expect([carol, dave].map((each) => hears(each, bob))).toEqual([true, true])
  })

  test('and makes none itself when somebody goes or never comes: it would not be in force', async () => {
    await onto(alice, bob, scene)
    await later(1_000)
    alice.leave()
    await later(5_000)
    const dave = await scene.enter('Dave')
    await later(1_000)
    dave.leave()
    const erin = await scene.arrive('Erin')
    expect(bob.epochs.welcome({ key: erin.key, member: erin.person.member })).toBeUndefined()
    await later(20_000)
    expect(epoch()).toBe(1)
    expect(hears(carol, bob)).toBe(true)
    expect(bob.reports).toEqual([])
  })
})

describe('EPOCH-4', () => {
  test('who comes later hears what is said then, and nothing of before', async () => {
    const before = alice.keys.speak
    const dave = await scene.enter('Dave')
    await later(2_000)
    expect(hears(dave, alice)).toBe(true)
    expect([bob, carol].map((each) => hears(each, alice))).toEqual([true, true])
    expect(alice.keys.speak?.epoch).toBe(before?.epoch)
    expect(dave.keys.held[0]?.generation).toBeGreaterThan(before?.generation as number)
  })

  test('a speaker turns the ratchet with the newcomer', async () => {
    await onto(alice, bob, scene)
    await later(1_000)
    const dave = await scene.enter('Dave')
    await later(2_000)
    expect([hears(dave, bob), hears(alice, bob), hears(carol, bob)]).toEqual([true, true, true])
  })

  test('many who come together share a generation', async () => {
    const before = alice.keys.speak?.generation as number
    const crowd = await Promise.all(Array.from({ length: 20 }, (_, i) => scene.enter(`Guest ${i}`)))
    await later(2_000)
    expect(crowd.every((each) => hears(each, alice))).toBe(true)
    expect((alice.keys.speak?.generation as number) - before).toBeLessThanOrEqual(2)
  })
})

test('five come together and go on stage one after the other: each hears every other', async () => {
  const guests = [bob, carol, await scene.enter('David'), await scene.enter('Erin')]
  const all = [alice, ...guests]
  const everybodyHears = () =>
    all.every((speaker) => all.every((listener) => listener === speaker || hears(listener, speaker)))
  for (const guest of guests) {
    await onto(alice, guest, scene)
    await later(250)
  }
  await later(500)
  expect(everybodyHears()).toBe(true)
  await later(60_000)
  expect(everybodyHears()).toBe(true)
  // Nobody came since: the ratchet stands still.
  const generation = alice.keys.speak?.generation
  await later(10_000)
  expect([epoch(), alice.keys.speak?.generation]).toEqual([1, generation])
  expect(all.flatMap(({ reports }) => reports)).toEqual([])
})

test('who goes on stage while a secret is on its way to them is heard', async () => {
  const answers = Promise.withResolvers<void>()
  const dave = await scene.enter('Dave', answers.promise)
  await settled()
  await onto(alice, dave, scene)
  await later(1_000)
  expect(dave.keys.held).not.toEqual([])
  answers.resolve()
  await later(2_000)
  expect([alice, bob, carol].map((each) => hears(each, dave))).toEqual([true, true, true])
})

describe('EPOCH-5', () => {
  test('who is removed opens nothing more, at once, and the others everything', async () => {
    await onto(alice, bob, scene)
    await later(1_000)
    await alice.act({ k: 'remove', to: carol.person.member, why: 'abuse' })
    await settled()
    await later(250)
    expect(epoch()).toBe(2)
    expect([hears(carol, alice), hears(carol, bob)]).toEqual([false, false])
    expect([hears(bob, alice), hears(alice, bob)]).toEqual([true, true])
  })

  test('the same when they leave in the same moment', async () => {
    await alice.act({ k: 'ban', to: carol.person.member, why: 'abuse' })
    carol.leave()
    await later(250)
    expect(epoch()).toBe(2)
  })

  test('those who leave together end one epoch', async () => {
    bob.leave()
    await later(1_000)
    carol.leave()
    await later(1_000)
    expect(epoch()).toBe(1)
    await later(2_000)
    expect(epoch()).toBe(2)
    await later(10_000)
    expect(epoch()).toBe(2)
  })

  test('who was removed does not hear on whoever the next secret does not reach', async () => {
    await onto(alice, bob, scene)
    await later(1_000)
    scene.hub.cut(alice.network.peer, bob.network.peer)
    await alice.act({ k: 'remove', to: carol.person.member, why: 'abuse' })
    await later(3_000)
    expect([epoch(), bob.keys.speak?.epoch]).toEqual([2, 1])
    await later(1_000)
    expect(bob.keys.speak).toBeUndefined()
    scene.hub.link(alice.network.peer, bob.network.peer)
    await later(10_000)
    expect([hears(alice, bob), hears(carol, bob)]).toEqual([true, false])
  })

  test('what was on its way is opened for a moment longer', async () => {
    const before = alice.keys.speak
    await alice.act({ k: 'remove', to: carol.person.member, why: 'abuse' })
    await later(500)
    expect(bob.keys.held.map((each) => each.epoch)).toEqual([2, before?.epoch])
    await later(3_000)
    expect(bob.keys.held.map((each) => each.epoch)).toEqual([2])
  })
})

describe('WELCOME-4', () => {
  const mate = (inmate: Inmate) => ({ key: inmate.key, member: inmate.person.member })

  /** Dave, with whom nobody is linked yet. */
  async function arriving(): Promise<Inmate> {
    scene.strangers.add(signerOf('Dave session').publicKey)
    return scene.arrive('Dave')
  }

  test('who is linked with nobody yet has the secret at once, and nothing is spoken under it before their beacon came', async () => {
    await onto(alice, bob, scene)
    await later(1_000)
    const before = alice.keys.speak
    const dave = await arriving()
    const handed = alice.epochs.welcome(mate(dave))
    if (handed === undefined) throw new Error('not welcome')
    scene.strangers.add(alice.key)
    expect(dave.epochs.take(mate(alice), handed)).toBe('not-admitted')
    scene.strangers.delete(alice.key)
    expect(dave.epochs.take(mate(alice), handed, true)).toBeUndefined()
    await settled()
    expect(handed.g).toBeGreaterThan(before?.generation as number)
    expect([alice, bob].map(({ keys }) => keys.speak?.generation)).toEqual([
      before?.generation,
      before?.generation,
    ])
    expect(hears(carol, alice)).toBe(true)
    scene.show(dave)
    await settled()
    expect([alice, bob].map((each) => hears(dave, each))).toEqual([true, true])
    expect([alice, bob].map((each) => hears(carol, each))).toEqual([true, true])
    await later(10_000)
    expect(epoch()).toBe(1)
  })

  test('who never shows themselves has left, and the next secret is not theirs', async () => {
    const dave = await arriving()
    expect(alice.epochs.welcome(mate(dave))).toBeDefined()
    await later(2_500)
    expect(epoch()).toBe(1)
    await later(5_000)
    expect(epoch()).toBe(2)
    expect(hears(carol, alice)).toBe(true)
    await later(10_000)
    expect(epoch()).toBe(2)
  })

  test('the same session is given a generation once', async () => {
    const dave = await arriving()
    const first = alice.epochs.welcome(mate(dave))
    await later(1_500)
    expect(alice.epochs.welcome(mate(dave))).toEqual(first)
  })

  test('whose answer is lost on the way is given the secret as soon as there is a link', async () => {
    const dave = await arriving()
    expect(alice.epochs.welcome(mate(dave))).toBeDefined()
    scene.show(dave)
    await later(1_000)
    expect(hears(dave, alice)).toBe(false)
    scene.strangers.delete(dave.key)
    await later(1_000)
    expect(hears(dave, alice)).toBe(true)
    expect(epoch()).toBe(1)
  })

  test('what somebody else said past a relay of a session takes nothing from whose it is', async () => {
    const dave = await arriving()
    expect(alice.epochs.welcome({ key: dave.key, member: bob.person.member })).toBeDefined()
    scene.show(dave)
    scene.strangers.delete(dave.key)
    await later(1_000)
    expect(hears(dave, alice)).toBe(true)
    await alice.act({ k: 'remove', to: bob.person.member, why: 'abuse' })
    await later(1_000)
    expect(hears(dave, alice)).toBe(true)
  })

  test('what one of the stage makes up for who sees nobody lead yet gives way to what the maker says', async () => {
    await onto(alice, bob, scene)
    await later(1_000)
    const dave = await arriving()
    dave.unseen.add(alice.key)
    const madeUp = { r: scene.room, n: epoch() as number, g: 1, s: bytesOf('made up') }
    expect(dave.epochs.take(mate(bob), madeUp, true)).toBeUndefined()
    dave.unseen.clear()
    const handed = alice.epochs.welcome(mate(dave))
    if (handed === undefined) throw new Error('not welcome')
    expect(dave.epochs.take(mate(alice), handed, true)).toBeUndefined()
    scene.show(dave)
    await later(1_000)
    expect([alice, bob].map((each) => hears(dave, each))).toEqual([true, true])
    // And not the other way round.
    dave.unseen.add(alice.key)
    expect(dave.epochs.take(mate(bob), { ...madeUp, g: 9 }, true)).toBe('commitment-wrong')
  })

  test('who asked and did not come, also who was here before, is not welcomed again for a minute', async () => {
    const dave = await arriving()
    bob.leave()
    await later(5_000)
    const first = epoch() as number
    for (const ghost of [dave, bob]) expect(alice.epochs.welcome(mate(ghost))).toBeDefined()
    await later(7_000)
    expect(epoch()).toBe(first + 1)
    for (let asked = 0; asked < 5; asked++) {
      for (const ghost of [dave, bob]) expect(alice.epochs.welcome(mate(ghost))).toBeUndefined()
      await later(5_000)
    }
    expect(epoch()).toBe(first + 1)
    expect(hears(carol, alice)).toBe(true)
    await later(40_000)
    expect(alice.epochs.welcome(mate(dave))).toBeDefined()
  })

  test('whose beacon was late is there, and is welcome when they come back', async () => {
    const dave = await arriving()
    expect(alice.epochs.welcome(mate(dave))).toBeDefined()
    await later(4_000)
    expect(alice.epochs.welcome(mate(dave))).toBeUndefined()
    scene.show(dave)
    await later(1_000)
    dave.leave()
    await later(5_000)
    expect(alice.epochs.welcome(mate(dave))).toBeDefined()
  })

  test('nothing for whose member must not listen, and of nobody who does not keep the secret', async () => {
    const dave = await arriving()
    expect(bob.epochs.welcome(mate(dave))).toBeUndefined()
    expect(alice.epochs.welcome(mate(dave))).toBeDefined()
    await alice.act({ k: 'remove', to: dave.person.member, why: 'abuse' })
    await later(250)
    expect(alice.epochs.welcome(mate(dave))).toBeUndefined()
    expect(epoch()).toBe(2)
  })

  test('what another than its maker says of the secret is not taken', async () => {
    const dave = await arriving()
    const handed = alice.epochs.welcome(mate(dave))
    if (handed === undefined) throw new Error('not welcome')
    expect(dave.epochs.take(mate(bob), handed, true)).toBe('not-admitted')
  })
})

describe('HAND', () => {
  const secret = (n: number, s = bytesOf('another secret'), g = 0) => ({ r: scene.room, n, g, s })

  test('HAND-1 nothing is taken of an epoch that is over', () => {
    expect(alice.hand(bob, secret(0))).toBe('stale')
  })

  test('HAND-1 nothing goes to, or is taken from, a session that has not shown whose it is', async () => {
    const { publicKey: key } = signerOf('Dave session')
    scene.strangers.add(key).add(alice.key)
    const dave = await scene.enter('Dave')
    await later(2_000)
    expect(dave.keys.held).toEqual([])
    const { secret: s } = alice.keys.held[0] as { secret: Uint8Array }
    expect(alice.hand(bob, secret(1, s))).toBe('not-admitted')
    scene.strangers.clear()
    expect(alice.hand(bob, secret(1, s))).toBeUndefined()
    await later(2_000)
    expect(hears(dave, alice)).toBe(true)
  })

  test('HAND-2 nor from who did not make it, on stage or not, while somebody leads', async () => {
    expect(carol.hand(bob, secret(1))).toBe('not-admitted')
    await onto(alice, carol, scene)
    expect(carol.hand(bob, secret(1))).toBe('not-admitted')
    const { secret: s } = alice.keys.held[0] as { secret: Uint8Array }
    expect(carol.hand(bob, secret(1, s))).toBe('not-admitted')
  })

  test('HAND-2 nor another secret than the announced one, or than the one that follows from ours', () => {
    expect(alice.hand(bob, secret(1))).toBe('commitment-wrong')
    expect(alice.hand(bob, secret(1, bytesOf('x'), 200))).toBe('commitment-wrong')
  })

  test('HAND-2 nor from who was removed', async () => {
    await alice.act({ k: 'remove', to: carol.person.member, why: 'abuse' })
    expect(carol.hand(bob, secret(3))).toBe('not-admitted')
  })

  test('HAND-2 what comes before its announcement waits for it', async () => {
    const s = bytesOf('the second secret')
    alice.epochs.stop()
    const held = bob.keys.held
    expect(alice.hand(bob, secret(2, s))).toBeUndefined()
    await settled()
    expect(bob.keys.held).toBe(held)
    const audience = idBytes(scene.room)
    await alice.act({ k: 'epoch', epoch: 2, hash: epochDigest(scene.room, 2, s), audience })
    await settled()
    expect(bob.keys.held[0]).toEqual({ epoch: 2, generation: 0, secret: s })
  })

  test('HAND-3 a speaker takes no other audience than the announced one', async () => {
    await onto(alice, bob, scene)
    await later(1_000)
    const { secret: s } = alice.keys.held[0] as { secret: Uint8Array }
    expect(alice.hand(bob, { ...secret(1, s), a: [alice.key] })).toBeUndefined()
    expect(alice.hand(bob, { ...secret(1, s), a: [carol.key] })).toBe('commitment-wrong')
  })

  test('HAND-3 nobody speaks while somebody listens whom they have not seen', async () => {
    await onto(alice, bob, scene)
    await later(1_000)
    const { publicKey: ghost } = signerOf('Ghost session')
    const audience = [alice.key, bob.key, carol.key, ghost]
    const s = bytesOf('the second secret')
    alice.epochs.stop()
    const hash = epochDigest(scene.room, 2, s)
    await alice.act({ k: 'epoch', epoch: 2, hash, audience: audienceCommitment(scene.room, 2, audience) })
    const a = sortedKeys(audience).map(keyText)
    expect(alice.hand(bob, { ...secret(2, s), a })).toBeUndefined()
    await later(5_000)
    expect([bob.keys.held[0]?.epoch, bob.keys.speak]).toEqual([2, undefined])

    await scene.enter('Ghost')
    await later(1_000)
    expect(bob.keys.speak).toEqual({ epoch: 2, generation: 0, secret: s })
  })

  test('HAND-3 who comes on stage is told who listens, and speaks', async () => {
    expect(bob.keys.speak).toBeUndefined()
    await onto(alice, bob, scene)
    await later(500)
    expect(hears(carol, bob)).toBe(true)
  })

  test('HAND-4 a new secret is spoken under 200 ms after it came', async () => {
    await alice.act({ k: 'remove', to: carol.person.member, why: 'abuse' })
    await settled()
    expect([alice.keys.held[0]?.epoch, alice.keys.speak?.epoch]).toEqual([2, 1])
    clock.turn(200)
    expect(alice.keys.speak?.epoch).toBe(2)
  })

  test('HAND-4 of two epochs with one number, made while the room was parted, the one in force is spoken under', async () => {
    await onto(alice, carol, scene, LEVEL.comoderator)
    await onto(alice, bob, scene)
    await later(1_000)
    const { heads } = scene.log.history
    const n = nextOfDevice(scene.log.history, alice.person.device.publicKey)
    alice.leave()
    await later(5_000)
    const dave = await scene.enter('Dave')
    await later(2_000)
    expect(scene.log.state.epoch?.by).toBe(carol.person.member)
    expect(bob.keys.speak).toMatchObject({ epoch: 2, generation: 1 })

    // Alice, whom none of that reached, made one with the same number.
    const s = bytesOf('the second secret of Alice')
    const audience = [alice.key, bob.key, carol.key]
    const operation = { r: scene.room, m: alice.person.member, n, heads, at: NOON }
    const act = {
      k: 'epoch',
      epoch: 2,
      hash: epochDigest(scene.room, 2, s),
      audience: audienceCommitment(scene.room, 2, audience),
    } as const
    const device = alice.person.device.publicKey
    const envelope = await seal(
      OPERATION,
      idOf<CommunityId>(bytesOf('community')),
      { ...operation, ...act },
      [alice.person.device],
    )
    scene.log.add({ id: envelope.id as OperationId, device, operation: envelope.payload, envelope })
    scene.settle()
    expect(scene.log.state.epoch?.by).toBe(alice.person.member)
    const newest = ratchet(scene.room, { epoch: 2, generation: 0, secret: s }, 1)
    const before = bob.keys.speak
    const handed = { ...secret(2, newest.secret, 1), a: sortedKeys(audience).map(keyText), j: [dave.key] }
    expect(alice.hand(bob, handed)).toBeUndefined()
    expect(bob.keys.held.map((each) => each.epoch)).toEqual([2, 2])
    expect(bob.keys.speak).toEqual(before)
    clock.turn(200)
    expect(bob.keys.speak).toEqual(newest)
  })

  test('HAND-5 nothing goes to who comes after the door was locked, until somebody lets them in', async () => {
    await alice.act({ k: 'lock' })
    const dave = await scene.arrive('Dave')
    const mate = { key: dave.key, member: dave.person.member }
    expect(alice.epochs.welcome(mate)).toBeUndefined()
    scene.show(dave)
    await later(2_000)
    expect(alice.epochs.welcome(mate)).toBeUndefined()
    expect(dave.keys.held).toEqual([])
    expect([bob, carol].map((each) => hears(each, alice))).toEqual([true, true])
    await alice.act({ k: 'admit', to: dave.person.member })
    await later(1_000)
    expect(hears(dave, alice)).toBe(true)
    expect(epoch()).toBe(1)
  })

  test('HAND-5 nor does it stay with who was welcomed and did not show themselves before that', async () => {
    const dave = await scene.arrive('Dave')
    expect(alice.epochs.welcome({ key: dave.key, member: dave.person.member })).toBeDefined()
    await alice.act({ k: 'lock' })
    scene.show(dave)
    await later(1_000)
    expect(epoch()).toBe(2)
    expect([bob, carol, dave].map((each) => hears(each, alice))).toEqual([true, true, false])
  })

  test('HAND-5 one of the stage who hands on what there is goes by the locked door, too', async () => {
    await onto(alice, bob, scene)
    await alice.act({ k: 'lock' })
    await later(1_000)
    alice.leave()
    const dave = await scene.enter('Dave')
    await later(5_000)
    expect([carol, dave].map((each) => hears(each, bob))).toEqual([true, false])
    expect(dave.keys.held).toEqual([])
  })

  test('HAND-5 who is let in behind it takes a secret from one who was inside before', async () => {
    await onto(alice, bob, scene, LEVEL.comoderator)
    await later(1_000)
    alice.leave()
    await later(5_000)
    expect(scene.log.state.epoch?.by).toBe(bob.person.member)
    await alice.act({ k: 'lower', to: bob.person.member })
    await alice.act({ k: 'lock' })
    const dave = await scene.arrive('Dave')
    await alice.act({ k: 'admit', to: dave.person.member })
    scene.show(dave)
    await later(2_000)
    expect(hears(dave, bob)).toBe(true)
  })

  test('HAND-5 who was let in, as the maker of the epoch says it to who speaks, is known by more than a beacon', async () => {
    await onto(alice, bob, scene)
    const dave = await scene.enter('Dave')
    await later(2_000)
    const members = (...inmates: Inmate[]) => inmates.map(({ person }) => person.member).toSorted()
    const vouched = ({ epochs }: Inmate) => epochs.vouched().toSorted()
    expect(vouched(bob)).toEqual(members(alice, bob, carol, dave))
    scene.strangers.add(carol.key)
    expect(vouched(bob)).toEqual(members(alice, bob, dave))
    // Who listens knows it of themselves alone.
    expect(vouched(carol)).toEqual(members(carol))
  })

  test('HAND-5 and of who joined since, one of the stage who hands on what there is says nothing', async () => {
    await onto(alice, bob, scene)
    await onto(alice, carol, scene)
    await later(1_000)
    alice.leave()
    const dave = await scene.enter('Dave')
    const { secret: s } = carol.keys.held[0] as { secret: Uint8Array }
    const { generation: g } = carol.keys.held[0] as { generation: number }
    expect(bob.hand(carol, { ...secret(1, s, g), j: [dave.key] })).toBeUndefined()
    expect(carol.epochs.vouched()).not.toContain(dave.person.member)
    expect(carol.epochs.vouched()).toContain(bob.person.member)
  })

  test('a secret that does not get through is handed over again', async () => {
    scene.hub.cut(alice.network.peer, bob.network.peer)
    await alice.act({ k: 'remove', to: carol.person.member, why: 'abuse' })
    await later(1_000)
    expect(hears(bob, alice)).toBe(false)
    scene.hub.link(alice.network.peer, bob.network.peer)
    await later(10_000)
    expect(hears(bob, alice)).toBe(true)
  })
})
