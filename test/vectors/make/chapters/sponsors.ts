import { BAN } from '../../../../protocol/community/ban.ts'
import { INVITE_VOID } from '../../../../protocol/community/invite-void.ts'
import { ERASE, LEAVE } from '../../../../protocol/community/leave.ts'
import { REPUDIATE } from '../../../../protocol/community/repudiate.ts'
import { VOUCH } from '../../../../protocol/community/vouch.ts'
import { DEVICE_REMOVE } from '../../../../protocol/identity/device.ts'
import { idOf, type MemberId, type StatementId } from '../../../../protocol/ids.ts'
import { DAY, MINUTE } from '../../../../protocol/limits.ts'
import { bytesOf, invite, type Person, signerOf } from '../../../support/community.ts'
import { Story, type Tell } from '../story.ts'
import { withPhone } from './devices.ts'

const NOTHING = idOf<StatementId>(bytesOf('nothing'))
const NOBODY = idOf<MemberId>(bytesOf('nobody'))

/** §6.8: sponsors, and what they may undo. */
export async function sponsors(tell: Tell): Promise<void> {
  await withdrawals(tell)
  await repudiations(tell)
  await vouches(tell)
  await erasures(tell)
}

async function withdrawals(tell: Tell): Promise<void> {
  const own = await Story.begin()
  const { alice } = own
  const first = await invite(alice, 0, own.at)
  own.put(first.envelope)
  await own.says(alice, INVITE_VOID, { invite: first.id })
  await own.letIn(first, 'Bob')
  await own.tries(alice, INVITE_VOID, { invite: first.id })
  const bob = await own.guest(alice, 0, 'Bob')
  await own.tries(alice, INVITE_VOID, { invite: alice.deviceChain.last })
  await own.tries(alice, INVITE_VOID, { invite: NOTHING })
  await own.tries(bob, INVITE_VOID, { invite: first.id })
  await tell(
    'an invitation that was withdrawn lets nobody in and frees its slot; one that was used stays',
    'VOID-1',
    own,
    '2 members 5 invitation-void 6 invitation-void 9 invitation-used 10 invitation-unknown 11 invitation-unknown',
  )

  const council = await Story.begin()
  const carol = await council.guest(council.alice, 0, 'Carol')
  const hers = await invite(carol, 0, council.at)
  council.put(hers.envelope)
  await council.councilSays(INVITE_VOID, { invite: hers.id })
  await council.letIn(hers, 'Dave')
  await tell('the council withdraws an invitation', 'VOID-1', council, '2 members 7 invitation-void')
}

async function repudiations(tell: Tell): Promise<void> {
  const story = await Story.begin()
  const { alice } = story
  const link = await invite(alice, 0, story.at)
  const thief = await story.put(link.envelope).after(MINUTE).letIn(link, 'Mallory')
  const waiting = await invite(alice, 1, story.at)
  story.put(waiting.envelope)
  await story.tries(thief, REPUDIATE, { invite: link.id })
  await story.tries(alice, REPUDIATE, { invite: waiting.id })
  await story.says(alice, REPUDIATE, { invite: link.id })
  await story.tries(alice, REPUDIATE, { invite: link.id })
  story.put((await invite({ ...thief }, 0, story.at)).envelope)
  await story.letIn(link, 'Bob')
  await story.guest(alice, 0, 'Bob')
  await tell(
    'Alice undoes the join of a thief, and her slot is free',
    'VOID-2',
    story,
    '3 members 6 invitation-unknown 7 invitation-unused 9 member-repudiated 10 member-repudiated 11 invitation-used',
  )

  const day = await Story.begin()
  const old = await invite(day.alice, 0, day.at)
  await day.put(old.envelope).letIn(old, 'Bob')
  // Since the entry of the join, which a minute was added after.
  day.after(DAY)
  await day.tries(day.alice, REPUDIATE, { invite: old.id })
  await tell('a day and a minute after, nothing is undone', 'VOID-2', day, '2 members 5 undo-late')

  const minute = await Story.begin()
  const last = await invite(minute.alice, 0, minute.at)
  await minute.put(last.envelope).letIn(last, 'Bob')
  minute.after(DAY - MINUTE)
  await minute.says(minute.alice, REPUDIATE, { invite: last.id })
  await tell('a day after, to the minute', 'VOID-2', minute, '2 members')
}

async function vouches(tell: Tell): Promise<void> {
  const story = await Story.begin()
  const { alice } = story
  const bob = await story.guest(alice, 0, 'Bob')
  const carol = await story.guest(bob, 0, 'Carol')
  const dave = await story.guest(alice, 1, 'Dave')
  const left = await story.guest(alice, 2, 'Erin')
  await story.rootSays(left, LEAVE, {})
  const tried = (person: Person, member: MemberId) => story.tries(person, VOUCH, { for: member })
  await tried(alice, NOBODY)
  await tried(alice, alice.member)
  await tried(alice, left.member)
  await tried(carol, dave.member)
  await tried(bob, alice.member)
  await tried(bob, carol.member)
  await story.says(dave, VOUCH, { for: carol.member })
  await tried(dave, carol.member)
  await tell(
    'vouches for nobody, oneself, one who left, from below, again; and by somebody who waits',
    'VOUCH-1',
    story,
    '5 members 12 member-unknown 13 self-target 14 member-left 15 member-immature' +
      ' 16 vouch-inside 17 vouch-known 19 vouch-known',
  )

  const below = await Story.begin()
  const guest = await below.guest(below.alice, 0, 'Bob')
  const guestsGuest = await below.guest(guest, 0, 'Carol')
  await below.after(8 * DAY).tries(guestsGuest, VOUCH, { for: below.alice.member })
  await tell('a guest’s guest, from further below', 'POL-3', below, '3 members 7 vouch-inside')

  const many = await Story.begin()
  const loved = await many.guest(many.alice, 0, 'Bob')
  const friends: Person[] = []
  for (let i = 1; i <= 9; i++) friends.push(await many.guest(many.alice, i, `friend ${i}`))
  for (const friend of friends) await many.says(friend, VOUCH, { for: loved.member })
  await tell('a ninth vouch', 'VOUCH-1', many, '11 members 31 vouch-limit')
}

async function erasures(tell: Tell): Promise<void> {
  const story = await Story.begin()
  const { alice } = story
  const phone = await withPhone(story)
  await story.rootSays(alice, DEVICE_REMOVE, { device: phone.device.publicKey })
  const bob = await story.guest(alice, 0, 'Bob')
  const carol = await story.guest(alice, 1, 'Carol')
  await story.tries({ ...alice, member: NOBODY }, ERASE, {})
  await story.tries({ ...alice, member: bob.member }, ERASE, {})
  await story.tries(phone, ERASE, {})
  await story.rootTries(alice, ERASE, {}, [alice.device])
  await story.says(alice, ERASE, {})
  await story.rootTries(alice, ERASE, {})
  await story.rootSays(bob, ERASE, {})
  await story.councilSays(BAN, { m: carol.member, why: 'other' })
  await story.says(carol, ERASE, {})
  await story.tries({ ...carol, device: signerOf('nobody') }, ERASE, {})
  await tell(
    'Alice by a device, Bob by his root, and Carol, who is banned, have their profiles erased, once',
    'ERASE-1',
    story,
    '3 members 9 member-unknown 10 device-unknown 11 device-removed 12 signer-unexpected 14 erased 18 device-unknown',
  )
}
