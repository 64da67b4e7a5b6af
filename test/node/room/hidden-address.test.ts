import { describe, expect, test } from 'vitest'
import type { RoomSession } from '../../../node/view.ts'
import type { MemberId } from '../../../protocol/ids.ts'
import { createScene, type Scene, settled, until } from '../mesh/scene.ts'
import { rig } from './rig.ts'

const EVENING = { title: 'Evening', topics: [], language: 'en' }

/** Lets time go by, a second at a time. */
async function turn({ clock }: Scene, seconds: number): Promise<void> {
  for (; seconds > 0; seconds -= 1) {
    clock.turn(1_000)
    for (let i = 0; i < 10; i++) await settled()
  }
}

/** Alice has opened a room, in which Bob is. @param hides who of the two hides their address */
async function evening(hides: readonly ('Alice' | 'Bob')[], isPrivate = false) {
  const scene = await createScene()
  const [alice, bob] = [await rig(scene, 'Alice'), await rig(scene, 'Bob')]
  alice.network.hidesAddress = hides.includes('Alice')
  bob.network.hidesAddress = hides.includes('Bob')
  const hers = await alice.rooms.open({ ...EVENING, isPrivate })
  if (isPrivate) await hers.letIn([bob.person.member])
  const [from, to] = isPrivate ? [alice.calls, bob.calls] : [alice.directory, bob.directory]
  const [listed] = await until(from.rooms, (rooms) => rooms.length === 1)
  if (listed !== undefined) await to.receive(listed.announcement.bytes)
  bob.listRead.set(true)
  const joining = bob.rooms.join(hers.view.value.id)
  scene.hub.cut(alice.network.peer, bob.network.peer)
  scene.hub.link(alice.network.peer, bob.network.peer)
  await turn(scene, 3)
  const his = await joining
  expect(hers.view.value.people).toHaveLength(2)
  return { scene, alice, bob, hers, his }
}

const linkTo = ({ view }: RoomSession, member: MemberId) =>
  view.value.people.find((one) => one.member === member)?.link

describe('CARRY-8', () => {
  test('in a room of two that are open to each other a connection is made', async () => {
    const { scene, hers, his } = await evening([])
    expect(scene.media.size).toBe(2)
    expect([hers.view.value.apart, his.view.value.apart]).toEqual([undefined, undefined])
  })

  test.each([
    ['Alice, who speaks, hides her address', ['Alice'], false],
    ['Bob, who listens, hides his', ['Bob'], false],
    ['both do', ['Alice', 'Bob'], false],
    ['Alice does, in a private room', ['Alice'], true],
  ] as const)(
    '%s: no connection is made, ever, and without a relay both are told',
    async (_who, hides, isPrivate) => {
      const { scene, alice, bob, hers, his } = await evening(hides, isPrivate)
      expect(his.view.value.people.map(({ member, hides }) => [member, hides])).toContainEqual([
        alice.person.member,
        hides.some((name) => name === 'Alice'),
      ])
      await turn(scene, 30)
      expect(scene.media.size).toBe(0)
      expect([hers.view.value.apart, his.view.value.apart]).toEqual(['unheard', 'unheard'])
      expect(linkTo(hers, bob.person.member)).toBe('failed')
      expect(linkTo(his, alice.person.member)).toBe('failed')
      expect(hers.view.value.people).toHaveLength(2)
    },
  )
})
