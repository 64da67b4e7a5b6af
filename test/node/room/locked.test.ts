import { expect, test } from 'vitest'
import { NetworkError } from '../../../node/network/network-error.ts'
import { serve } from '../../../node/requests.ts'
import { ratchet } from '../../../protocol/audio/epoch.ts'
import { equalBytes } from '../../../protocol/bytes.ts'
import { SYNC } from '../../../protocol/wire/services.ts'
import { createScene, settled } from '../mesh/scene.ts'
import { rig } from './rig.ts'

type Peer = Awaited<ReturnType<typeof rig>>

/** Alice has opened a room, in which Bob listens. Everybody reaches everybody. */
async function evening() {
  const scene = await createScene()
  const peers: Peer[] = []

  async function turn(seconds: number): Promise<void> {
    for (; seconds > 0; seconds -= 1) {
      scene.clock.turn(1_000)
      for (let i = 0; i < 5; i++) await settled()
    }
  }
  async function arrive(name: string, own = name): Promise<Peer> {
    const peer = await rig(scene, name, own)
    peers.push(peer)
    for (const other of peers) {
      if (other === peer) continue
      scene.hub.cut(other.network.peer, peer.network.peer)
      scene.hub.link(other.network.peer, peer.network.peer)
    }
    await settled()
    return peer
  }
  /** Neither reaches the other, however they try. */
  function part(one: Peer, other: Peer): void {
    for (const { network } of [one, other])
      network.connect = () => Promise.reject(new NetworkError('unreachable', 'parted'))
    scene.hub.cut(one.network.peer, other.network.peer)
  }
  function heal(one: Peer, other: Peer): void {
    scene.hub.link(one.network.peer, other.network.peer)
  }

  const alice = await arrive('Alice')
  const hers = await alice.rooms.open({ title: 'Evening', topics: [], language: 'en' })
  const { id } = hers.view.value
  await settled()
  /** Comes into the room, also once more. */
  async function come(peer: Peer): Promise<void> {
    for (const { directory } of peers)
      for (const room of directory.rooms.value) await peer.directory.receive(room.announcement.bytes)
    let isIn = false
    const joining = peer.rooms.join(id).finally(() => {
      isIn = true
    })
    while (!isIn) await turn(1)
    await joining
    await turn(3)
  }
  const bob = await arrive('Bob')
  await come(bob)
  const of = (peer: Peer) => peer.rooms.current?.session as NonNullable<typeof peer.rooms.current>['session']
  /** They have the right to moderate from now on. */
  async function raise(peer: Peer): Promise<void> {
    await of(alice).offerLevel(peer.person.member, 60)
    await turn(1)
    await of(peer).acceptOffer()
    await turn(3)
  }
  return { alice, bob, of, arrive, come, raise, part, heal, turn }
}

/** Can the one open what the other says now? */
function hears(listener: Peer, speaker: Peer): boolean {
  const { speak } = speaker.sound.keys
  const room = speaker.rooms.current?.id
  if (speak === undefined || room === undefined) throw new Error('nobody speaks')
  const held = listener.sound.keys.held.find(({ epoch }) => epoch === speak.epoch)
  if (held === undefined || held.generation > speak.generation) return false
  return equalBytes(ratchet(room, held, speak.generation).secret, speak.secret)
}

test('HAND-5 who comes after the door was locked is given no secret, and who was there before keeps it', async () => {
  const { alice, bob, of, arrive, come, turn } = await evening()
  expect(hears(bob, alice)).toBe(true)
  await of(alice).setLocked(true)
  await turn(2)
  const dave = await arrive('Dave')
  await come(dave)
  expect(of(dave).view.value.out?.by).toBe('lock')
  expect(dave.sound.keys.held).toEqual([])
  expect(hears(bob, alice)).toBe(true)
  // They are still there when it is opened again.
  await of(alice).setLocked(false)
  await turn(3)
  expect(hears(dave, alice)).toBe(true)
})

test('HAND-5 who is let in behind the locked door is given the secret, and so is a moderator who comes back', async () => {
  const { alice, bob, of, arrive, come, raise, turn } = await evening()
  await raise(bob)
  await of(bob).leave()
  await of(alice).setLocked(true)
  await turn(5)
  const dave = await arrive('Dave')
  await come(dave)
  await come(bob)
  expect([dave, bob].map((each) => hears(each, alice))).toEqual([false, true])
  await of(alice).letIn([dave.person.member])
  await turn(3)
  expect(hears(dave, alice)).toBe(true)
})

test('HAND-5 who was there before the lock is given the secret again when they come back, as often as they like', async () => {
  const { alice, bob, of, come, turn } = await evening()
  await of(alice).setLocked(true)
  for (const times of [1, 2]) {
    await of(bob).leave()
    await turn(5)
    await come(bob)
    expect(of(bob).view.value.status, `time ${times}`).toBe('open')
    expect(hears(bob, alice)).toBe(true)
  }
})

test('HAND-5 whose connection breaks while the door is locked is given the secret again', async () => {
  const { alice, bob, of, part, heal, turn } = await evening()
  await of(alice).setLocked(true)
  await turn(1)
  part(alice, bob)
  await turn(40)
  const before = alice.sound.keys.speak?.epoch
  expect(hears(bob, alice)).toBe(false)
  heal(alice, bob)
  await turn(20)
  expect(before).toBeGreaterThan(1)
  expect(hears(bob, alice)).toBe(true)
})

test('HAND-5 a host who comes back to a locked room knows who was inside, and lets in nobody else', async () => {
  const { alice, bob, of, arrive, come, turn } = await evening()
  await of(alice).setLocked(true)
  await turn(2)
  await of(alice).leave()
  const dave = await arrive('Dave')
  await come(dave)
  await come(alice)
  await turn(5)
  expect([bob, dave].map((each) => hears(each, alice))).toEqual([true, false])
  expect(dave.sound.keys.held).toEqual([])
})

test('HAND-5 who was there before the lock may come in another session that knows nothing of it', async () => {
  const { alice, bob, of, arrive, come, turn } = await evening()
  await of(alice).setLocked(true)
  await turn(2)
  await of(bob).leave()
  await turn(5)
  const again = await arrive('Bob', 'Bob’s phone')
  await come(again)
  expect(of(again).view.value.out).toBeUndefined()
  expect(hears(again, alice)).toBe(true)
})

test('HAND-5 who was let in behind the locked door is out again when that is taken back', async () => {
  const { alice, of, arrive, come, turn } = await evening()
  await of(alice).setLocked(true)
  const dave = await arrive('Dave')
  await of(alice).letIn([dave.person.member])
  await turn(1)
  await come(dave)
  expect(hears(dave, alice)).toBe(true)
  await of(alice).shutOut(dave.person.member)
  await turn(5)
  expect(of(dave).view.value.out?.by).toBe('lock')
  expect(hears(dave, alice)).toBe(false)
})

test('HAND-5 a moderator who comes back to a locked room that the host has left knows whom they met there', async () => {
  const { alice, bob, of, arrive, come, raise, turn } = await evening()
  const carol = await arrive('Carol')
  await come(carol)
  await raise(carol)
  await of(carol).leave()
  await turn(5)
  await of(alice).setLocked(true)
  await turn(2)
  const dave = await arrive('Dave')
  await come(dave)
  await of(alice).leave()
  await turn(8)
  await come(carol)
  await turn(5)
  expect(of(carol).view.value.leader).toBe(carol.person.member)
  expect([bob, dave].map((each) => hears(each, carol))).toEqual([true, false])
  expect(dave.sound.keys.held).toEqual([])
})

test('HAND-5 nobody is forgotten who was let in and reaches the new keeper only later', async () => {
  const { alice, bob, of, arrive, come, raise, part, heal, turn } = await evening()
  const carol = await arrive('Carol')
  part(bob, carol)
  await of(alice).setLocked(true)
  await turn(2)
  await of(alice).letIn([carol.person.member])
  await turn(1)
  await come(carol)
  await raise(carol)
  await of(alice).leave()
  await turn(8)
  expect(of(carol).view.value.leader).toBe(carol.person.member)
  expect(hears(bob, carol)).toBe(false)
  heal(bob, carol)
  await turn(15)
  expect(hears(bob, carol)).toBe(true)
})

test('HAND-5 who keeps the secret after another goes by what that one handed out, and gives nobody else any', async () => {
  const { alice, bob, of, arrive, come, raise, turn } = await evening()
  const carol = await arrive('Carol')
  await of(alice).setLocked(true)
  await turn(2)
  // She was not there before the lock, and did not see who was.
  await of(alice).letIn([carol.person.member])
  await turn(1)
  await come(carol)
  await raise(carol)
  const dave = await arrive('Dave')
  await come(dave)
  await of(alice).leave()
  await turn(8)
  expect(of(carol).view.value.leader).toBe(carol.person.member)
  expect([bob, dave].map((each) => hears(each, carol))).toEqual([true, false])
  expect(dave.sound.keys.held).toEqual([])
})

test('HAND-5 a moderator who comes back to a door that was locked meanwhile takes nobody for one who was inside', async () => {
  const { alice, bob, of, arrive, come, raise, part, heal, turn } = await evening()
  await raise(bob)
  await of(bob).leave()
  await of(alice).setLocked(true)
  await turn(5)
  const dave = await arrive('Dave')
  await come(dave)
  // Dave shows himself to whom he does not tell that the door is locked.
  await dave.network.unhandle(SYNC.protocol)
  await serve(dave.network, SYNC, async () => ({ error: 'room-unknown' }))
  part(alice, bob)
  await come(bob)
  expect(of(bob).view.value.locked).toBe(false)
  heal(alice, bob)
  await turn(10)
  expect(of(bob).view.value.locked).toBe(true)
  await of(alice).leave()
  await turn(8)
  expect(of(bob).view.value.leader).toBe(bob.person.member)
  expect(hears(dave, bob)).toBe(false)
})
