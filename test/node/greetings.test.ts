import { describe, expect, test } from 'vitest'
import { startGreetings } from '../../node/greetings.ts'
import { signerOf } from '../support/community.ts'
import { createScene, type Scene, settled, verifier } from './mesh/scene.ts'

async function greeter(scene: Scene, name: string) {
  const { person, network } = await scene.session(name)
  const session = signerOf(`${name} session`)
  const me = { member: person.member, device: person.device, session, peer: network.peer }
  const judging = { verifier, membership: scene.membership }
  const gossip = { newest: () => undefined, shown: () => {} }
  const greetings = await startGreetings(me, network, judging, scene.clock, async () => {}, gossip)
  return { person, network, greetings }
}

/** Alice greets; Mute is a member's session that never says who it is. */
async function aliceAndMute() {
  const scene = await createScene()
  const alice = await greeter(scene, 'Alice')
  const mute = await scene.session('Mute')
  const link = () => scene.hub.link(alice.network.peer, mute.network.peer)
  const cut = () => scene.hub.cut(alice.network.peer, mute.network.peer)
  const isLinked = () => scene.hub.isLinked(alice.network.peer, mute.network.peer)
  cut()
  return { scene, alice, link, cut, isLinked }
}

describe('a peer that connects', () => {
  test('and says who it is stays', async () => {
    const scene = await createScene()
    const alice = await greeter(scene, 'Alice')
    const bob = await greeter(scene, 'Bob')
    scene.hub.cut(alice.network.peer, bob.network.peer)
    scene.hub.link(alice.network.peer, bob.network.peer)
    await settled()
    scene.clock.turn(10_000)
    expect(scene.hub.isLinked(alice.network.peer, bob.network.peer)).toBe(true)
    expect(alice.greetings.members.value.get(bob.network.peer)).toBe(bob.person.member)
    expect(bob.greetings.members.value.get(alice.network.peer)).toBe(alice.person.member)
  })

  test('and who knows us before we know them, for we spoke first, may ask something already (HELLO-2)', async () => {
    const scene = await createScene()
    const [one, other] = [await greeter(scene, 'Alice'), await greeter(scene, 'Bob')]
    const [first, second] = one.network.peer < other.network.peer ? [one, other] : [other, one]
    scene.hub.cut(first.network.peer, second.network.peer)
    const asked = new Promise<string | undefined>((resolve, reject) => {
      second.greetings.members.subscribe((members) => {
        if (!members.has(first.network.peer)) return
        if (first.greetings.members.value.has(second.network.peer)) reject(new Error('it was known'))
        first.greetings.whose(second.network.peer).then(resolve, reject)
      })
    })
    scene.hub.link(first.network.peer, second.network.peer)
    expect(await asked).toBe(second.person.member)
    // Of who is not asked just now nothing is awaited.
    scene.hub.cut(first.network.peer, second.network.peer)
    expect(await first.greetings.whose(second.network.peer)).toBeUndefined()
  })

  test('and says nothing for ten seconds is sent away', async () => {
    const { scene, link, isLinked } = await aliceAndMute()
    link()
    scene.clock.turn(9_999)
    expect(isLinked()).toBe(true)
    scene.clock.turn(1)
    expect(isLinked()).toBe(false)
  })

  test('a second time has its ten seconds again, and leaves nothing behind when it goes', async () => {
    const { scene, link, cut, isLinked } = await aliceAndMute()
    const before = scene.clock.pending
    for (let visit = 0; visit < 3; visit += 1) {
      link()
      scene.clock.turn(9_000)
      expect(isLinked()).toBe(true)
      cut()
    }
    expect(scene.clock.pending).toBe(before)
  })

  test('is not sent away after the end', async () => {
    const { scene, alice, link, isLinked } = await aliceAndMute()
    link()
    alice.greetings.stop()
    expect(scene.clock.pending).toBe(0)
    expect(isLinked()).toBe(true)
  })
})
