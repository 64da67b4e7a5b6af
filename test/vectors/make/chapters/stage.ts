import { ATTEST, type Attest, CLAIM } from '../../../../protocol/community/attest.ts'
import { CERTIFY } from '../../../../protocol/community/certify.ts'
import { STEWARDS } from '../../../../protocol/community/council.ts'
import { LEAVE } from '../../../../protocol/community/leave.ts'
import { REPORT } from '../../../../protocol/community/report.ts'
import { commitTitle, ROOM_END, ROOM_OPEN } from '../../../../protocol/community/stage-room.ts'
import { idOf, type MemberId, type RoomId, type StatementId } from '../../../../protocol/ids.ts'
import { DAY, MINUTE } from '../../../../protocol/limits.ts'
import { bytesOf, invite, type Person } from '../../../support/community.ts'
import { Story, type Tell } from '../story.ts'
import { ordered } from './roots.ts'

const NOBODY = idOf<MemberId>(bytesOf('nobody'))
const ROOM = idOf<RoomId>(bytesOf('a room'))
const OTHER_ROOM = idOf<RoomId>(bytesOf('another room'))

/** §6.9: the stage, and what comes of it. */
export async function stage(tell: Tell): Promise<void> {
  await rooms(tell)
  await attestations(tell)
  await maturity(tell)
  await claims(tell)
  await badges(tell)

  const told = await Story.begin()
  await told.says(told.alice, REPORT, { sealed: bytesOf('what only the council reads') })
  await tell('a report to the council', 'REPORT-1', told, '1 members')
}

async function rooms(tell: Tell): Promise<void> {
  const story = await Story.begin()
  const { alice } = story
  const bob = await story.guest(alice, 0, 'Bob')
  await story.tries(alice, ROOM_END, { room: ROOM })
  await opens(story, alice, ROOM)
  await story.tries(bob, ROOM_OPEN, { room: ROOM, title: commitTitle(ROOM, 'Mine') })
  await story.tries(bob, ROOM_END, { room: ROOM })
  await story.says(alice, ROOM_END, { room: ROOM })
  await story.tries(alice, ROOM_END, { room: ROOM })
  await tell(
    'a room opens once and ends once, by its host',
    'STAGE-2',
    story,
    '2 members 5 room-unlogged 7 room-known 8 not-host 10 room-closed',
  )
}

async function attestations(tell: Tell): Promise<void> {
  const story = await Story.begin()
  const { alice } = story
  const bob = await story.guest(alice, 0, 'Bob')
  const carol = await story.guest(bob, 0, 'Carol')
  const gone = await story.guest(alice, 1, 'Dave')
  await story.rootSays(gone, LEAVE, {})
  await opens(story, bob, ROOM)
  story.after(30 * MINUTE)
  const seen = (by: Person, member: MemberId, change: Partial<Attest> = {}) =>
    story.tries(by, ATTEST, { for: member, room: ROOM, minutes: 10, as: 'spoke', ...change })
  await seen(alice, NOBODY)
  await seen(alice, alice.member)
  await seen(alice, gone.member)
  await seen(alice, bob.member, { room: OTHER_ROOM })
  await seen(alice, carol.member, { as: 'hosted' })
  await seen(alice, bob.member, { minutes: 32 })
  await seen(carol, bob.member)
  await attests(story, alice, bob, ROOM, 31, 'hosted')
  await seen(alice, bob.member, { minutes: 5 })
  await story.says(bob, ROOM_END, { room: ROOM })
  story.after(DAY)
  await attests(story, bob, carol, ROOM, 31)
  story.after(MINUTE)
  await seen(alice, carol.member)
  await tell(
    'what cannot be attested',
    'ATTEST-1',
    story,
    '4 members 11 member-unknown 12 self-target 13 member-left 14 room-unlogged 15 not-host' +
      ' 16 attestation-too-long 17 member-immature 19 attestation-known 22 room-closed',
  )
}

async function maturity(tell: Tell): Promise<void> {
  const story = await Story.begin()
  const { alice } = story
  const bob = await story.guest(alice, 0, 'Bob')
  const carol = await story.guest(bob, 0, 'Carol')
  const dave = await story.guest(alice, 1, 'Dave')
  await opens(story, alice, ROOM)
  story.after(10 * MINUTE)
  await attests(story, bob, carol, ROOM, 5)
  story.put((await invite({ ...carol }, 0, story.at)).envelope)
  await attests(story, dave, carol, ROOM, 5)
  story.put((await invite(carol, 0, story.at)).envelope)
  await tell(
    'who was seen on a stage from another branch need not wait',
    'ATTEST-2',
    story,
    '4 members 11 slot-immature',
  )

  const strict = await Story.begin({ mode: 'strict' })
  const erin = await strict.guest(strict.alice, 0, 'Erin')
  const frank = await strict.guest(erin, 0, 'Frank')
  const since = strict.at - MINUTE
  await opens(strict, strict.alice, ROOM)
  strict.after(10 * MINUTE)
  await attests(strict, strict.alice, frank, ROOM, 5)
  strict.put((await invite({ ...frank }, 0, strict.at)).envelope)
  strict.after(since + 7 * DAY - strict.at)
  strict.put((await invite(frank, 0, strict.at)).envelope)
  await tell(
    'a strict community wants the stage and the seven days',
    'SLOT-3',
    strict,
    '3 members 9 slot-immature',
  )
}

async function claims(tell: Tell): Promise<void> {
  const { story, bob, refs, foreign } = await praised()
  await story.tries(bob, CLAIM, { refs: [idOf<StatementId>(bytesOf('nothing'))] })
  await story.tries(bob, CLAIM, { refs: [foreign] })
  await story.tries(bob, CLAIM, { refs: ordered(...refs.slice(0, 3)) })
  story.put((await invite({ ...bob }, 2, story.at)).envelope)
  await story.says(bob, CLAIM, { refs: ordered(...refs) })
  story.put((await invite(bob, 4, story.at)).envelope)
  story.put((await invite({ ...bob }, 5, story.at)).envelope)
  await story.tries(bob, CLAIM, { refs: ordered(...refs) })
  story.after(30 * DAY - MINUTE)
  await story.tries(bob, CLAIM, { refs: ordered(...refs) })
  story.after(MINUTE)
  await story.tries(bob, CLAIM, { refs: ordered(...refs) })
  await tell(
    'Bob turns attests into three more slots',
    'CLAIM-1',
    story,
    '5 members 20 attestation-unknown 21 attestation-unknown 22 claim-short 23 slot-not-entitled' +
      ' 26 slot-not-entitled 27 claim-early 28 claim-early 29 attestation-spent',
  )

  const gone = await praised()
  await gone.story.rootSays(gone.carol, LEAVE, {})
  await gone.story.tries(gone.bob, CLAIM, { refs: ordered(...gone.refs) })
  await tell(
    'what somebody attested who has left does not count',
    'CLAIM-1',
    gone.story,
    '5 members 21 claim-short',
  )

  const inside = await Story.begin({ ...LITTLE, 'claim-outside': 1 })
  const host = await inside.guest(inside.alice, 0, 'Bob')
  await inside.after(8 * DAY).says(host, ROOM_OPEN, { room: ROOM, title: commitTitle(ROOM, 'Ours') })
  const below = await inside.guest(host, 0, 'Carol')
  inside.after(8 * DAY)
  const ring = await attests(inside, below, host, ROOM, 60)
  await inside.tries(host, CLAIM, { refs: [ring] })
  await tell('somebody of the own branch is not outside it', 'CLAIM-1', inside, '3 members 9 claim-short')

  const twice = await Story.begin({ ...LITTLE, 'claim-minutes': 31 })
  const heard = await twice.guest(twice.alice, 0, 'Bob')
  const other = await twice.guest(twice.alice, 1, 'Carol')
  await opens(twice, heard, ROOM)
  twice.after(30 * MINUTE)
  const both = [
    await attests(twice, twice.alice, heard, ROOM, 30),
    await attests(twice, other, heard, ROOM, 20),
  ]
  await twice.tries(heard, CLAIM, { refs: ordered(...both) })
  await tell('what two saw in one room counts once', 'CLAIM-1', twice, '3 members 10 claim-short')
}

/** A claim that wants next to nothing. */
const LITTLE = { 'claim-attesters': 1, 'claim-rooms': 1, 'claim-minutes': 1, 'claim-outside': 0 }

/** Carol, Dave and Erin, guests of Alice like Bob, saw him in two rooms. Entries 0 to 19. */
async function praised() {
  const story = await Story.begin()
  const { alice } = story
  const bob = await story.guest(alice, 0, 'Bob')
  const carol = await story.guest(alice, 1, 'Carol')
  const dave = await story.guest(alice, 2, 'Dave')
  const erin = await story.guest(alice, 3, 'Erin')
  await opens(story, bob, ROOM)
  await opens(story, bob, OTHER_ROOM)
  story.after(20 * MINUTE)
  const refs: StatementId[] = []
  for (const [by, room, minutes] of [
    [carol, ROOM, 20],
    [dave, ROOM, 15],
    [erin, ROOM, 10],
    [carol, OTHER_ROOM, 5],
    [dave, OTHER_ROOM, 10],
  ] as const)
    refs.push((await attests(story, by, bob, room, minutes)) as StatementId)
  const foreign = await attests(story, bob, carol, ROOM, 5)
  await story.says(erin, REPORT, { sealed: bytesOf('sealed') })
  return { story, bob, carol, refs, foreign }
}

async function badges(tell: Tell): Promise<void> {
  const story = await Story.begin()
  const { alice } = story
  const bob = await story.guest(alice, 0, 'Bob')
  const gone = await story.guest(alice, 1, 'Carol')
  await story.rootSays(gone, LEAVE, {})
  await story.councilSays(STEWARDS, { of: [NOBODY] })
  await story.tries(bob, CERTIFY, { for: alice.member, on: true })
  await story.councilSays(STEWARDS, { of: [bob.member] })
  await story.tries(bob, CERTIFY, { for: NOBODY, on: true })
  await story.tries(bob, CERTIFY, { for: gone.member, on: true })
  await story.tries(bob, CERTIFY, { for: alice.member, on: false })
  await story.says(bob, CERTIFY, { for: alice.member, on: true })
  await story.tries(bob, CERTIFY, { for: alice.member, on: true })
  await story.says(bob, CERTIFY, { for: alice.member, on: false })
  await story.councilSays(STEWARDS, { of: [] })
  await story.tries(bob, CERTIFY, { for: alice.member, on: true })
  await tell(
    'a steward gives and takes the badge',
    'CERT-2',
    story,
    '3 members 8 member-unknown 9 not-steward 11 member-unknown 12 member-left 13 certificate-known' +
      ' 15 certificate-known 18 not-steward',
  )
}

function opens(story: Story, host: Person, room: RoomId) {
  return story.says(host, ROOM_OPEN, { room, title: commitTitle(room, 'Under the tree') })
}

async function attests(
  story: Story,
  by: Person,
  seen: Person,
  room: RoomId,
  minutes: number,
  as: Attest['as'] = 'spoke',
): Promise<StatementId> {
  const { id } = await story.says(by, ATTEST, { for: seen.member, room, minutes, as })
  return id as StatementId
}
