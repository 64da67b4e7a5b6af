import { APPEAL } from '../../../../protocol/community/appeal.ts'
import { BAN, NOTICE, UNBAN } from '../../../../protocol/community/ban.ts'
import { LEAVE } from '../../../../protocol/community/leave.ts'
import { REPORT } from '../../../../protocol/community/report.ts'
import { VOUCH } from '../../../../protocol/community/vouch.ts'
import { idOf, type MemberId, type StatementId } from '../../../../protocol/ids.ts'
import { DAY, MINUTE } from '../../../../protocol/limits.ts'
import { addDevice, bytesOf, invite, type Person } from '../../../support/community.ts'
import { Story, type Tell } from '../story.ts'

const NOBODY = idOf<MemberId>(bytesOf('nobody'))

/** §6.9: bans, and whom they reach. */
export async function bans(tell: Tell): Promise<void> {
  await single(tell)
  await branches(tell)
  await backFromInside(tell)
  await lifted(tell)
  await points(tell)
  await appeals(tell)
}

const SEALED = { sealed: bytesOf('what only the council reads') }

async function appeals(tell: Tell): Promise<void> {
  const whole = await village()
  const { story, alice, bob, carol, dave, zoe } = whole
  await story.tries(bob, APPEAL, SEALED)
  await story.councilSays(NOTICE, { m: bob.member, why: 'spam' })
  await story.says(bob, APPEAL, SEALED)
  await story.rootTries(bob, APPEAL, SEALED)
  await story.after(DAY).councilSays(BAN, { m: bob.member, why: 'spam', cut: 0 })
  await story.tries({ ...bob, member: NOBODY }, APPEAL, SEALED)
  await story.tries({ ...alice, member: bob.member }, APPEAL, SEALED)
  await story.rootTries(bob, APPEAL, SEALED, [bob.device])
  await story.tries({ ...bob, deviceChain: { ...bob.deviceChain, next: 9 } }, APPEAL, SEALED)
  await story.rootSays(bob, APPEAL, SEALED)
  await story.says(carol, APPEAL, SEALED)
  await story.after(30 * DAY - MINUTE).tries(bob, APPEAL, SEALED)
  await story.tries(carol, APPEAL, SEALED)
  await story.after(MINUTE).says(bob, APPEAL, SEALED)
  await story.tries(bob, REPORT, SEALED)
  await story.says(zoe, VOUCH, { for: dave.member })
  await story.tries(dave, APPEAL, SEALED)
  await tell(
    'Bob answers to a notice, and once in 30 days to the ban; Carol, who was cut, too; and nobody else',
    'APPEAL-1',
    story,
    '7 members 15 appeal-needless 18 appeal-known 20 member-unknown 21 device-unknown 22 signer-unexpected 23 sequence-wrong' +
      ' 26 appeal-known 27 appeal-known 29 member-banned 31 appeal-needless',
  )

  const again = await Story.begin()
  const guest = await again.guest(again.alice, 0, 'Bob')
  const ban = await again.councilSays(BAN, { m: guest.member, why: 'other' })
  await again.says(guest, APPEAL, SEALED)
  await again.councilSays(UNBAN, { ban: ban.id as StatementId })
  await again.tries(guest, APPEAL, SEALED)
  await again.after(MINUTE).councilSays(BAN, { m: guest.member, why: 'other' })
  await again.says(guest, APPEAL, SEALED)
  await again.tries(guest, APPEAL, SEALED)
  await tell(
    'each ban can be appealed at once',
    'APPEAL-1',
    again,
    '2 members 8 appeal-needless 11 appeal-known',
  )

  const late = await Story.begin()
  const told = await late.guest(late.alice, 0, 'Bob')
  const left = await late.guest(late.alice, 1, 'Carol')
  await late.councilSays(NOTICE, { m: told.member, why: 'other' })
  await late.councilSays(NOTICE, { m: left.member, why: 'other' })
  await late.rootSays(left, LEAVE, {})
  await late.tries(left, APPEAL, SEALED)
  await late.after(30 * DAY + MINUTE).tries(told, APPEAL, SEALED)
  await tell(
    'a notice that stands no more, and who has left',
    'APPEAL-1',
    late,
    '3 members 10 appeal-needless 11 appeal-needless',
  )
}

async function single(tell: Tell): Promise<void> {
  const story = await Story.begin()
  const { alice } = story
  const bob = await story.guest(alice, 0, 'Bob')
  const gone = await story.guest(alice, 1, 'Carol')
  await story.rootSays(gone, LEAVE, {})
  const link = await invite(bob, 0, story.at)
  story.put(link.envelope)
  await story.councilSays(BAN, { m: NOBODY, why: 'spam' })
  await story.councilSays(BAN, { m: gone.member, why: 'spam' })
  await story.councilSays(BAN, { m: alice.member, why: 'spam' })
  await story.councilSays(BAN, { m: bob.member, why: 'abuse', note: bytesOf('why') })
  await story.after(MINUTE).councilSays(BAN, { m: bob.member, why: 'abuse' })
  await story.letIn(link, 'Dave')
  story.put((await invite({ ...bob }, 1, story.at)).envelope)
  story.put(await addDevice({ ...bob }, 'Bob phone', story.at))
  await tell(
    'a ban ends what Bob says, and his open invitations with it',
    'BAN-1',
    story,
    '3 members 9 member-unknown 10 member-left 11 council-member 13 ban-known' +
      ' 14 invitation-void 15 member-banned 16 member-banned',
  )
}

/** Alice; Bob and Zoe by her; Carol and Dave by Bob; Erin by Carol, Frank by Dave. Everybody is mature at once. Entries 0 to 14. */
async function village() {
  const story = await Story.begin({ mode: 'open' })
  const { alice } = story
  const bob = await story.guest(alice, 0, 'Bob')
  const zoe = await story.guest(alice, 1, 'Zoe')
  const carol = await story.guest(bob, 0, 'Carol')
  const dave = await story.guest(bob, 1, 'Dave')
  const erin = await story.guest(carol, 0, 'Erin')
  const frank = await story.guest(dave, 0, 'Frank')
  return { story, alice, bob, zoe, carol, dave, erin, frank }
}

async function branches(tell: Tell): Promise<void> {
  const whole = await village()
  const { story } = whole
  await story.says(whole.zoe, VOUCH, { for: whole.carol.member })
  await story.tries(whole.frank, VOUCH, { for: whole.dave.member })
  await story.councilSays(BAN, { m: whole.bob.member, why: 'fake', cut: 0 })
  await invites(story, whole.carol, whole.erin, whole.dave, whole.frank)
  await story.rootSays(whole.dave, LEAVE, {})
  await tell(
    'a branch goes with Bob, but for Carol, whom Zoe vouched for, and her guest',
    'BAN-4',
    story,
    '7 members 16 vouch-inside 20 member-cut 21 member-cut',
  )

  const alone = await village()
  await alone.story.says(alone.zoe, VOUCH, { for: alone.carol.member })
  await alone.story.councilSays(BAN, { m: alone.zoe.member, why: 'fake' })
  await alone.story.councilSays(BAN, { m: alone.bob.member, why: 'fake', cut: 0 })
  await invites(alone.story, alone.carol)
  await tell(
    'whom somebody vouched for who is banned by then goes too',
    'BAN-4',
    alone.story,
    '7 members 18 member-cut',
  )

  const late = await village()
  await late.story.councilSays(BAN, { m: late.bob.member, why: 'fake', cut: 12 })
  await invites(late.story, late.carol, late.dave, late.erin, late.frank)
  await tell(
    'only who came in at the stated entry or later is cut',
    'BAN-4',
    late.story,
    '7 members 18 member-cut 19 member-cut',
  )

  const back = await village()
  await back.story.says(back.carol, VOUCH, { for: back.frank.member })
  await back.story.councilSays(BAN, { m: back.bob.member, why: 'fake', cut: 0 })
  await invites(back.story, back.frank)
  await back.story.says(back.zoe, VOUCH, { for: back.frank.member })
  back.story.put((await invite(back.frank, 1, back.story.at)).envelope)
  await back.story.says(back.frank, VOUCH, { for: back.dave.member })
  await invites(back.story, back.dave)
  await tell(
    'a vouch from outside brings somebody back, and one from inside does not',
    'VOUCH-2',
    back.story,
    '7 members 17 member-cut 20 vouch-inside 21 member-cut',
  )
}

/** Who was brought back is a descendant of Bob’s still. */
async function backFromInside(tell: Tell): Promise<void> {
  const { story, bob, zoe, carol, erin, frank } = await village()
  await story.councilSays(BAN, { m: bob.member, why: 'fake', cut: 0 })
  await story.says(zoe, VOUCH, { for: carol.member })
  await story.says(carol, VOUCH, { for: frank.member })
  await invites(story, carol, frank)
  await story.says(zoe, VOUCH, { for: frank.member })
  await invites(story, frank, erin)
  await tell(
    'who was cut and brought back brings nobody else back',
    'VOUCH-2',
    story,
    '7 members 19 member-cut 22 member-cut',
  )
}

async function lifted(tell: Tell): Promise<void> {
  const again = await village()
  const first = await again.story.councilSays(BAN, { m: again.bob.member, why: 'fake', cut: 0 })
  await again.story.says(again.zoe, VOUCH, { for: again.frank.member })
  await again.story.councilSays(BAN, { m: again.zoe.member, why: 'fake' })
  await again.story.councilSays(BAN, { m: again.dave.member, why: 'fake', cut: 0 })
  await again.story.councilSays(UNBAN, { ban: first.id as StatementId })
  await invites(again.story, again.frank)
  await tell('an unban leaves whom another ban cut since', 'BAN-5', again.story, '7 members 20 member-cut')

  const { story, bob, carol, dave, erin } = await village()
  const ban = await story.councilSays(BAN, { m: bob.member, why: 'other', cut: 0 })
  await story.rootSays(erin, LEAVE, {})
  await story.councilSays(UNBAN, { ban: idOf<StatementId>(bytesOf('no ban')) })
  await story.councilSays(UNBAN, { ban: ban.id as StatementId })
  await story.after(MINUTE).councilSays(UNBAN, { ban: ban.id as StatementId })
  await invites(story, carol, dave, erin)
  await story.says(bob, VOUCH, { for: (await story.guest(story.alice, 2, 'Grace')).member })
  await tell(
    'an unban brings back Bob and whom his ban cut, but not who left',
    'BAN-5',
    story,
    '8 members 17 ban-unknown 19 ban-lifted 22 member-left',
  )
}

async function points(tell: Tell): Promise<void> {
  const warned = await Story.begin()
  const bob = await warned.guest(warned.alice, 0, 'Bob')
  const mallory = await warned.guest(bob, 0, 'Mallory')
  await warned.councilSays(NOTICE, { m: mallory.member, why: 'spam' })
  await warned.after(DAY).councilSays(BAN, { m: mallory.member, why: 'spam' })
  warned.put((await invite({ ...bob }, 1, warned.at)).envelope)
  warned.after(DAY - MINUTE).put((await invite({ ...bob }, 1, warned.at)).envelope)
  warned.after(MINUTE).put((await invite(bob, 1, warned.at)).envelope)
  await tell(
    'a sponsor answers for a guest with a slot, until a day has faded',
    'SLOT-6',
    warned,
    '3 members 9 slot-withheld 10 slot-withheld',
  )

  const early = await Story.begin()
  const carol = await early.guest(early.alice, 0, 'Carol')
  const trent = await early.guest(carol, 0, 'Trent')
  await early.councilSays(NOTICE, { m: trent.member, why: 'spam' })
  await early.after(DAY - MINUTE).councilSays(BAN, { m: trent.member, why: 'spam' })
  early.put((await invite(carol, 1, early.at)).envelope)
  await tell('a sponsor who was told too late answers for nothing', 'BAN-2', early, '3 members')

  const old = await Story.begin()
  const dave = await old.guest(old.alice, 0, 'Dave')
  const oscar = await old.guest(dave, 0, 'Oscar')
  old.after(88 * DAY)
  await old.councilSays(NOTICE, { m: oscar.member, why: 'spam' })
  await old.after(2 * DAY).councilSays(BAN, { m: oscar.member, why: 'spam' })
  old.put((await invite(dave, 1, old.at)).envelope)
  await tell('a sponsor answers for ninety days', 'BAN-2', old, '3 members')

  const paused = await Story.begin({ 'pause-points': 10, 'slot-points': 0, 'fade-days': 2 })
  const zoe = await paused.guest(paused.alice, 0, 'Zoe')
  const erin = await paused.guest(paused.alice, 1, 'Erin')
  const eve = await paused.guest(erin, 0, 'Eve')
  await paused.says(zoe, VOUCH, { for: eve.member })
  await paused.councilSays(NOTICE, { m: eve.member, why: 'abuse' })
  const ban = await paused.after(DAY).councilSays(BAN, { m: eve.member, why: 'abuse' })
  paused.put((await invite({ ...erin }, 1, paused.at)).envelope)
  await paused.tries(zoe, VOUCH, { for: erin.member })
  await paused.councilSays(UNBAN, { ban: ban.id as StatementId })
  await paused.says(zoe, VOUCH, { for: erin.member })
  await tell(
    'who sponsored and who vouched for Eve may not, until her ban is lifted',
    'SLOT-7',
    paused,
    '4 members 12 sponsor-paused 13 sponsor-paused',
  )
}

/** Each tries to invite somebody. */
async function invites(story: Story, ...people: readonly Person[]): Promise<void> {
  for (const person of people) story.put((await invite({ ...person }, 1, story.at)).envelope)
}
