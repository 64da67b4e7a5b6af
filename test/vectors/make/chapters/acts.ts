import { BAN, NOTICE } from '../../../../protocol/community/ban.ts'
import { COUNCIL, STEWARDS } from '../../../../protocol/community/council.ts'
import { EQUIVOCATION, LEAK } from '../../../../protocol/community/evidence.ts'
import { INVITE } from '../../../../protocol/community/invite.ts'
import { ERASE, LEAVE } from '../../../../protocol/community/leave.ts'
import { REPUDIATE } from '../../../../protocol/community/repudiate.ts'
import { type Envelope, seal } from '../../../../protocol/envelope.ts'
import { idBytes, idOf, keyBytes, type MemberId } from '../../../../protocol/ids.ts'
import { MINUTE } from '../../../../protocol/limits.ts'
import {
  addDevice,
  bytesOf,
  foundCommunity,
  invite,
  join,
  NOON,
  personOf,
  signerOf,
} from '../../../support/community.ts'
import { LOG } from '../cast.ts'
import { Story, type Tell } from '../story.ts'

const NOBODY = idOf<MemberId>(bytesOf('nobody'))

/** §6.4 and §6.7: what is asked of everybody before anything else, each question with who may and who may not. */
export async function acts(tell: Tell): Promise<void> {
  await ofDevices(tell)
  await ofRoots(tell)
  await ofTheCouncil(tell)
  await ofAnybody(tell)
  await standings(tell)
  await joins(tell)
}

async function ofDevices(tell: Tell): Promise<void> {
  const story = await Story.begin()
  const { alice } = story
  const bob = await story.guest(alice, 0, 'Bob')
  story.put((await invite({ ...alice, member: NOBODY }, 1, story.at)).envelope)
  const { payload } = (await invite({ ...alice }, 1, story.at)).envelope
  story.put(await seal(INVITE, story.founded.community, payload, [alice.device, bob.device]))
  story.put((await invite({ ...alice, device: bob.device }, 1, story.at)).envelope)
  story.put((await invite(alice, 1, story.at)).envelope)
  await tell(
    'a device speaks for its own member, alone',
    'ACT-1',
    story,
    '2 members 5 member-unknown 6 signer-unexpected 7 device-unknown',
  )

  const frozen = await Story.begin()
  const carol = await frozen.guest(frozen.alice, 0, 'Carol')
  const [one, other] = [await invite({ ...carol }, 0, frozen.at), await invite({ ...carol }, 1, frozen.at)]
  await frozen.seals(EQUIVOCATION, inOrder(one.envelope, other.envelope))
  await frozen.tries(carol, ERASE, {})
  await frozen.rootSays(carol, ERASE, {})
  await frozen.rootTries(carol, ERASE, {})
  await tell(
    'a frozen device does not ask for the profile to be deleted, the root does, and once',
    'ERASE-1',
    frozen,
    '2 members 6 key-frozen 8 erased',
  )
}

async function ofRoots(tell: Tell): Promise<void> {
  const story = await Story.begin()
  const { alice } = story
  await story.rootTries({ ...alice, member: NOBODY }, LEAVE, {})
  await story.rootTries(alice, LEAVE, {}, [alice.device])
  const twin = await addDevice({ ...alice }, 'Alice tablet', story.at)
  const phone = await addDevice(alice, 'Alice phone', story.at)
  story.put(phone)
  await story.seals(EQUIVOCATION, inOrder(phone, twin))
  await story.rootTries(alice, LEAVE, {})
  await tell(
    'a root speaks for its own member, alone, and while it is not frozen',
    'ACT-2',
    story,
    '1 members 3 member-unknown 4 signer-unexpected 7 key-frozen',
  )
}

async function ofTheCouncil(tell: Tell): Promise<void> {
  const story = await Story.begin()
  const { alice } = story
  const bob = await story.guest(alice, 0, 'Bob')
  const why = { m: bob.member, why: 'spam' } as const
  await story.councilSays(NOTICE, why, { v: 1 })
  await story.councilSays(NOTICE, why, { signers: [bob.root] })
  await story.councilSays(NOTICE, why, { signers: [alice.root, bob.root] })
  const keys = [alice.root, bob.root].map(({ publicKey }) => publicKey)
  keys.sort((a, b) => Buffer.compare(keyBytes(a), keyBytes(b)))
  await story.councilSays(COUNCIL, { k: 2, keys })
  await story.councilSays(NOTICE, why, { v: 1 })
  await story.councilSays(NOTICE, why, { v: 1, signers: [alice.root, bob.root] })
  await tell(
    'the council in force decides, by its keys alone, as many as it takes',
    'ACT-3',
    story,
    '2 members 5 council-version 6 signer-unexpected 7 signer-unexpected 9 council-minority',
  )

  const stewards = await Story.begin()
  const carol = await stewards.guest(stewards.alice, 0, 'Carol')
  const of = [carol.member, NOBODY].sort((a, b) => Buffer.compare(idBytes(a), idBytes(b)))
  await stewards.councilSays(STEWARDS, { of })
  await stewards.councilSays(STEWARDS, { of: [carol.member] })
  await tell('stewards are members', 'CERT-1', stewards, '2 members 5 member-unknown')
}

async function ofAnybody(tell: Tell): Promise<void> {
  const story = await Story.begin()
  const { alice } = story
  const link = await invite(alice, 0, story.at)
  await story.put(link.envelope).letIn(link, 'Bob')
  const second = (await join(link, 'Mallory', story.at)).envelope
  await story.seals(LEAK, { join: second.bytes }, [signerOf(LOG), alice.device])
  await story.seals(LEAK, { join: second.bytes }, [signerOf('a passer-by')])
  await tell('what proves itself is said by anybody, alone', 'ACT-4', story, '2 members 5 signer-unexpected')
}

async function standings(tell: Tell): Promise<void> {
  const story = await Story.begin({ mode: 'open' })
  const { alice } = story
  const bob = await story.guest(alice, 0, 'Bob')
  const dave = await story.guest(alice, 1, 'Dave')
  const link = await invite(alice, 2, story.at)
  const erin = await story.put(link.envelope).letIn(link, 'Erin')
  const carol = await story.guest(bob, 0, 'Carol')
  await story.rootSays(dave, LEAVE, {})
  await story.says(alice, REPUDIATE, { invite: link.id })
  await story.councilSays(BAN, { m: bob.member, why: 'spam', cut: 0 })
  for (const [slot, person] of [bob, carol, dave, erin].entries())
    story.put((await invite({ ...person }, slot % 2, story.at)).envelope)
  story.put((await invite(alice, 3, story.at)).envelope)
  await tell(
    'who is banned, cut, gone or undone invites nobody',
    'STAND-2',
    story,
    '5 members 14 member-banned 15 member-cut 16 member-left 17 member-repudiated',
  )
}

async function joins(tell: Tell): Promise<void> {
  const beside = signerOf('Bob root')
  const nobody = { k: 0, keys: [] }
  const log = signerOf(LOG).publicKey
  const story = new Story(await foundCommunity(log, NOON, 'Alice', {}, nobody, [beside]))
  const link = await invite(story.alice, 0, story.at)
  await story.put(link.envelope).letIn(link, 'Bob')
  const bob = await personOf(story.founded.community, 'Bob', story.at)
  story.put(bob.identity)
  await story.letIn(link, 'Bob')
  await story.letIn(link, 'Carol')
  await tell(
    'a founder comes in by an identity, and by no invitation before it or after it',
    'JOIN-4',
    story,
    '3 members 4 already-member 6 already-member',
  )

  const keys = await Story.begin()
  const { alice } = keys
  const open = await invite(alice, 0, keys.at)
  keys.put(open.envelope)
  const both = signerOf('one key for both')
  for (const ofDave of [{ device: alice.device }, { device: alice.root }, { root: alice.device }])
    keys.put((await join(open, 'Dave', keys.at, ofDave)).envelope)
  keys.put((await join(open, 'Dave', keys.at, { root: both, device: both })).envelope)
  await keys.after(MINUTE).letIn(open, 'Dave')
  await tell(
    'a key that has a role comes in in no other',
    'JOIN-6',
    keys,
    '2 members 4 device-known 5 device-known 6 device-known 7 device-known',
  )
}

/** The statements of an equivocation. */
function inOrder(one: Envelope<unknown>, other: Envelope<unknown>) {
  const [a, b] = [one, other].sort((x, y) => Buffer.compare(idBytes(x.id), idBytes(y.id))) as [
    Envelope<unknown>,
    Envelope<unknown>,
  ]
  return { a: a.bytes, b: b.bytes }
}
