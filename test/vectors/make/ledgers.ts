import { encodeEntry } from '../../../protocol/community/entry.ts'
import { INVITE } from '../../../protocol/community/invite.ts'
import { JOIN } from '../../../protocol/community/join.ts'
import { type Envelope, seal } from '../../../protocol/envelope.ts'
import { DEVICE_ADD } from '../../../protocol/identity/device.ts'
import type { Id, KeyText, StatementId } from '../../../protocol/ids.ts'
import { DAY, MAX_CLOCK_SKEW, MINUTE } from '../../../protocol/limits.ts'
import type { Signer } from '../../../protocol/signature.ts'
import {
  addDevice,
  foundCommunity,
  type Invitation,
  invite,
  join,
  NOON,
  type Person,
  personOf,
  signerOf,
} from '../../support/community.ts'
import type { LedgerCase } from '../format.ts'
import { type Cast, LOG } from './cast.ts'
import { acts } from './chapters/acts.ts'
import { bans } from './chapters/bans.ts'
import { council } from './chapters/council.ts'
import { devices } from './chapters/devices.ts'
import { evidence } from './chapters/evidence.ts'
import { roots } from './chapters/roots.ts'
import { sponsors } from './chapters/sponsors.ts'
import { stage } from './chapters/stage.ts'
import { wrap } from './raw.ts'
import { readCase, Story, type Tell } from './story.ts'

/** Short ledgers: what takes effect, what is void and why, and what is no ledger. */
export async function ledgerCases(people: Cast): Promise<readonly LedgerCase[]> {
  const cases: LedgerCase[] = []
  const tellAs: Tell = async (name, rule, story, expected) => {
    cases.push(await readCase(name, rule, story.entries(), expected))
  }
  const tell: TellExpected = (name, rule, story) => tellAs(name, rule, story, EXPECTED.get(name) ?? '')
  const ofCast = people.ledger.map((entry) => Uint8Array.from(Buffer.from(entry, 'hex')))
  cases.push(await readExpected('Alice founds, and Bob comes in with her invitation', 'LEDGER-3', ofCast))
  await memberships(tell)
  await chains(tell)
  await slots(tell)
  await invitations(tell)
  for (const chapter of CHAPTERS) await chapter(tellAs)
  cases.push(...(await noLedgers(people, ofCast)))
  return cases
}

/** What comes after the first steps, by the sections of SPEC. */
const CHAPTERS: readonly ((tell: Tell) => Promise<void>)[] = [
  acts,
  devices,
  roots,
  sponsors,
  stage,
  council,
  bans,
  evidence,
]

type TellExpected = (name: string, rule: string, story: Story) => Promise<void>

function readExpected(name: string, rule: string, entries: readonly Uint8Array[]): Promise<LedgerCase> {
  return readCase(name, rule, entries, EXPECTED.get(name))
}

async function memberships(tell: TellExpected): Promise<void> {
  const twice = await Story.begin()
  await tell('the genesis again', 'LEDGER-4', twice.put(twice.founded.genesis))

  const unknown = await Story.begin()
  await tell('a statement of no known type', 'LEDGER-4', unknown.put(unknown.alice.profile))

  const foreign = await Story.begin()
  const zoe = await foundCommunity(signerOf(LOG).publicKey, NOON, 'Zoe')
  await tell('a statement of another community', 'LEDGER-4', foreign.put(zoe.founder.identity))

  const stranger = await Story.begin()
  const mallory = await personOf(stranger.founded.community, 'Mallory', NOON)
  stranger.put(mallory.identity).put(mallory.deviceAdd)
  await tell('a stranger who was not invited', 'LEDGER-5', stranger)

  const again = await Story.begin()
  const salted = await personOf(again.founded.community, 'Alice', NOON + MINUTE)
  await tell('a founder with a second identity', 'LEDGER-5', again.after(MINUTE).put(salted.identity))

  const phone = await Story.begin()
  phone
    .put(await addDevice(phone.alice, 'Alice phone', NOON))
    .put(await addDevice(phone.alice, 'Alice tablet', NOON))
  await tell('a founder with three devices', 'DEV-2', phone)

  const known = await Story.begin()
  known.put(await addDevice(known.alice, 'Alice device', NOON))
  await tell('a device that is in use', 'DEV-3', known)

  const ahead = await Story.begin()
  ahead.put(await addDevice(ahead.alice, 'Alice phone', NOON + MAX_CLOCK_SKEW + MINUTE))
  await tell('a statement from the future', 'LEDGER-6', ahead)

  const nearly = await Story.begin()
  nearly.put(await addDevice(nearly.alice, 'Alice phone', NOON + MAX_CLOCK_SKEW))
  await tell('a statement from a clock five minutes ahead', 'LEDGER-6', nearly)

  const forged = await Story.begin()
  const phoneAdd = await addDevice(forged.alice, 'Alice phone', NOON)
  const tabletAdd = await addDevice(forged.alice, 'Alice tablet', NOON)
  forged.putBytes(wrap(phoneAdd.payloadBytes, tabletAdd.signatures))
  await tell('a device with the signatures of another statement', 'LEDGER-7', forged)
}

async function chains(tell: TellExpected): Promise<void> {
  const place = async (story: Story, n: number, prev: Id, label: string) => {
    const { community, member, root } = story.alice
    const device = signerOf(label)
    const payload = { m: member, device: device.publicKey, n, prev: prev as StatementId, at: NOON }
    return seal(DEVICE_ADD, community, payload, [root, device])
  }
  const gap = await Story.begin()
  await tell(
    'a gap in the chain of a root',
    'CHAIN-1',
    gap.put(await place(gap, 3, gap.alice.deviceAdd.id, 'Alice phone')),
  )

  const wrong = await Story.begin()
  await tell(
    'the right number after the wrong statement',
    'CHAIN-1',
    wrong.put(await place(wrong, 2, wrong.alice.identity.id, 'Alice phone')),
  )

  const twin = await Story.begin()
  await tell(
    'a twin of a device',
    'CHAIN-3',
    twin.put(await place(twin, 1, twin.alice.identity.id, 'Alice phone')),
  )

  const framed = await Story.begin()
  const other = await place(framed, 1, framed.alice.identity.id, 'Alice phone')
  framed.putBytes(wrap(other.payloadBytes, framed.alice.deviceAdd.signatures))
  await tell('a twin that Alice did not sign is no proof against her', 'CHAIN-3', framed)

  const repeated = await Story.begin()
  const phone = await addDevice(repeated.alice, 'Alice phone', NOON)
  repeated.put(phone).put(await addDevice(repeated.alice, 'Alice tablet', NOON))
  await tell(
    'a statement again, after a later one',
    'CHAIN-2',
    repeated.put(phone).put(repeated.alice.identity),
  )

  const invited = await Story.begin()
  const first = await invite(invited.alice, 0, NOON)
  const second = await invite(invited.alice, 1, NOON)
  await tell(
    'an invitation that skips one',
    'CHAIN-1',
    invited.put(second.envelope).put(first.envelope).put(second.envelope),
  )

  const twins = await Story.begin()
  twins.alice.deviceChain = { ...twins.alice.deviceChain }
  const before = twins.alice.deviceChain
  const one = await invite(twins.alice, 0, NOON)
  twins.alice.deviceChain = before
  const two = await invite(twins.alice, 1, NOON)
  await tell('a twin of an invitation', 'CHAIN-3', twins.put(one.envelope).put(two.envelope))

  const parts = await Story.begin()
  const bob = await parts.guest(parts.alice, 0, 'Bob')
  await tell('what a join carried, alone', 'CHAIN-2', parts.put(bob.identity).put(bob.deviceAdd))
}

async function slots(tell: TellExpected): Promise<void> {
  const beyond = await Story.begin({ 'founder-slots': 1 })
  await tell(
    'a slot that a founder does not have',
    'SLOT-1',
    beyond.put((await invite(beyond.alice, 1, NOON)).envelope),
  )

  const guest = await Story.begin()
  const bob = await guest.guest(guest.alice, 0, 'Bob')
  const carol = await guest.guest(bob, 0, 'Carol')
  await tell('a founder’s guest invites at once while the community is new', 'SLOT-2', guest)
  guest.put((await invite(carol, 0, guest.at)).envelope)
  await tell('a guest’s guest waits', 'SLOT-2', guest)

  const third = await Story.begin()
  const dave = await third.guest(third.alice, 0, 'Dave')
  await tell(
    'a third slot of somebody who has two',
    'SLOT-1',
    third.put((await invite(dave, 2, third.at)).envelope),
  )

  await waits(tell)
  await spent(tell)
}

async function waits(tell: TellExpected): Promise<void> {
  const late = await Story.begin()
  late.after(31 * DAY)
  const erin = await late.guest(late.alice, 0, 'Erin')
  late.put((await invite(erin, 0, late.at)).envelope)
  await tell('a founder’s guest who came after the opening days waits', 'SLOT-2', late)

  const lastDay = await Story.begin()
  lastDay.after(30 * DAY - MINUTE)
  const peggy = await lastDay.guest(lastDay.alice, 0, 'Peggy')
  lastDay.put((await invite(peggy, 0, lastDay.at)).envelope)
  await tell('a founder’s guest of the last minute of the opening days', 'SLOT-2', lastDay)

  const dayAfter = await Story.begin()
  dayAfter.after(30 * DAY)
  const quentin = await dayAfter.guest(dayAfter.alice, 0, 'Quentin')
  dayAfter.put((await invite(quentin, 0, dayAfter.at)).envelope)
  await tell('a founder’s guest of the first minute after the opening days', 'SLOT-2', dayAfter)

  // Since the entry of their join, which a minute was added after.
  const almost = await Story.begin()
  almost.after(31 * DAY)
  const frank = await almost.guest(almost.alice, 0, 'Frank')
  almost.after(7 * DAY - 2 * MINUTE).put((await invite(frank, 0, almost.at)).envelope)
  await tell('one minute before seven days', 'SLOT-2', almost)

  const ripe = await Story.begin()
  ripe.after(31 * DAY)
  const grace = await ripe.guest(ripe.alice, 0, 'Grace')
  ripe.after(7 * DAY - MINUTE).put((await invite(grace, 0, ripe.at)).envelope)
  await tell('seven days after joining', 'SLOT-2', ripe)

  const open = await Story.begin({ mode: 'open' })
  open.after(31 * DAY)
  const heidi = await open.guest(open.alice, 0, 'Heidi')
  await open.guest(heidi, 0, 'Ivan')
  await tell('nobody waits in an open community', 'SLOT-3', open)

  const strict = await Story.begin({ mode: 'strict' })
  strict.after(31 * DAY)
  const judy = await strict.guest(strict.alice, 0, 'Judy')
  strict.after(30 * DAY).put((await invite(judy, 0, strict.at)).envelope)
  await tell('time alone is not enough in a strict community', 'SLOT-3', strict)
}

async function spent(tell: TellExpected): Promise<void> {
  const waiting = await Story.begin()
  waiting.put((await invite(waiting.alice, 0, NOON)).envelope)
  await tell(
    'a slot whose invitation waits',
    'SLOT-4',
    waiting.put((await invite(waiting.alice, 0, NOON)).envelope),
  )

  const used = await Story.begin()
  const week = await invite(used.alice, 0, NOON, NOON + DAY)
  await used.put(week.envelope).letIn(week, 'Kim')
  used.after(2 * DAY).put((await invite(used.alice, 0, used.at)).envelope)
  await tell('a slot that somebody came in with', 'SLOT-4', used)

  const last = await Story.begin()
  last.put((await invite(last.alice, 0, NOON, NOON + DAY)).envelope).after(DAY)
  await tell(
    'a slot in the last minute of its invitation',
    'SLOT-4',
    last.put((await invite(last.alice, 0, last.at)).envelope),
  )

  const freed = await Story.begin()
  const old = await invite(freed.alice, 0, NOON, NOON + DAY)
  freed.put(old.envelope).after(DAY + MINUTE)
  const fresh = await invite(freed.alice, 0, freed.at)
  await freed.put(fresh.envelope).letIn(old, 'Leo')
  await freed.letIn(fresh, 'Mia')
  await tell('an invitation that expired unused frees its slot, and lets nobody in', 'SLOT-5', freed)
}

async function invitations(tell: TellExpected): Promise<void> {
  const unknown = await Story.begin()
  const never = await invite(unknown.alice, 0, NOON)
  await unknown.letIn(never, 'Bob')
  await tell('an invitation that is not in the ledger', 'JOIN-4', unknown)

  const used = await Story.begin()
  const once = await invite(used.alice, 0, NOON)
  await used.put(once.envelope).letIn(once, 'Bob')
  await used.letIn(once, 'Carol')
  await tell('an invitation that was used', 'JOIN-4', used)

  const again = await Story.begin()
  await again.guest(again.alice, 0, 'Bob')
  await again.guest(again.alice, 1, 'Bob')
  await tell('the same person twice', 'JOIN-4', again)

  const founder = await Story.begin()
  await founder.guest(founder.alice, 0, 'Alice')
  await tell('a founder as a guest', 'JOIN-4', founder)

  const expired = await Story.begin()
  const day = await invite(expired.alice, 0, NOON, NOON + DAY)
  await expired
    .put(day.envelope)
    .after(DAY + MINUTE)
    .letIn(day, 'Bob')
  await tell('an invitation that expired', 'JOIN-4', expired)

  const late = await Story.begin()
  const dated = await invite(late.alice, 0, NOON, NOON + DAY)
  const inTime = await join(dated, 'Bob', NOON + DAY)
  late
    .put(dated.envelope)
    .after(DAY + MINUTE)
    .put(inTime.envelope)
  await tell('a join dated to the last minute of its invitation, which comes after it', 'ENTRY-2', late)

  const punctual = await Story.begin()
  const lastMinute = await invite(punctual.alice, 0, NOON, NOON + DAY)
  await punctual.put(lastMinute.envelope).after(DAY).letIn(lastMinute, 'Bob')
  await tell('an invitation in its last minute', 'JOIN-4', punctual)

  const born = await Story.begin()
  born.put((await invite(born.alice, 0, NOON, NOON)).envelope)
  await tell('an invitation that has expired when it comes', 'INV-4', born)

  const forDave = await Story.begin()
  const bound = await boundTo(forDave.alice, 'Dave')
  await forDave.put(bound.envelope).letIn(bound, 'Mallory')
  await forDave.letIn(bound, 'Dave')
  await tell('an invitation for Dave', 'JOIN-5', forDave)

  await invitationKeys(tell)

  const nobody = await Story.begin()
  const zoe = await personOf(nobody.founded.community, 'Zoe', NOON)
  nobody.put((await invite(zoe, 0, NOON)).envelope)
  await tell('an invitation by nobody of this community', 'INV-2', nobody)

  const others = await Story.begin()
  const bob = await others.guest(others.alice, 0, 'Bob')
  const asAlice = { ...bob, member: others.alice.member }
  others.put((await invite(asAlice, 1, others.at)).envelope)
  await tell('Bob’s device invites in Alice’s name', 'INV-2', others)

  const shared = await Story.begin()
  const nina = await shared.guest(shared.alice, 0, 'Nina')
  shared.put(await addDeviceOf(shared, nina.device))
  await tell('a device of another member', 'DEV-3', shared)

  const hijacked = await Story.begin()
  const wanted = await invite(hijacked.alice, 0, NOON)
  const bobs = await join(wanted, 'Bob', NOON)
  const thief = await personOf(hijacked.founded.community, 'Mallory', NOON)
  const { invite: id, n, at } = bobs.envelope.payload
  const stolen = await seal(
    JOIN,
    hijacked.founded.community,
    {
      invite: id,
      identity: thief.identity.bytes,
      device: thief.deviceAdd.bytes,
      n,
      prev: thief.deviceAdd.id as StatementId,
      at,
    },
    [thief.device, thief.root],
  )
  hijacked.put(wanted.envelope).put(stolen).put(bobs.envelope)
  await tell('a thief who saw a join in flight, without the seed', 'JOIN-2', hijacked)
}

async function invitationKeys(tell: TellExpected): Promise<void> {
  const named = async (story: Story, key: KeyText) => {
    const { community, member, device, deviceChain } = story.alice
    const payload = { m: member, n: deviceChain.next, prev: deviceChain.last, slot: 5, key, at: story.at }
    const envelope = await seal(INVITE, community, payload, [device])
    story.alice.deviceChain = { next: deviceChain.next + 1, last: envelope.id as StatementId }
    return envelope
  }
  const known = await Story.begin()
  const first = await invite(known.alice, 0, NOON)
  known.put(first.envelope).put(await named(known, first.signer.publicKey))
  await tell('an invitation key for the second time', 'INV-3', known)

  const device = await Story.begin()
  await tell(
    'a device as an invitation key',
    'INV-3',
    device.put(await named(device, device.alice.device.publicKey)),
  )

  const root = await Story.begin()
  await tell('a root as an invitation key', 'INV-3', root.put(await named(root, root.alice.root.publicKey)))

  const shutOut = await Story.begin()
  shutOut.put(await named(shutOut, signerOf('Bob root').publicKey))
  await shutOut.guest(shutOut.alice, 0, 'Bob')
  await tell('nobody is shut out by an invitation that names their root', 'INV-3', shutOut)
}

async function boundTo(sponsor: Person, name: string): Promise<Invitation> {
  const { community, deviceChain, device } = sponsor
  const plain = await invite(sponsor, 0, NOON)
  const bound = await seal(
    INVITE,
    community,
    { ...plain.envelope.payload, for: signerOf(`${name} root`).publicKey },
    [device],
  )
  sponsor.deviceChain = { next: deviceChain.next + 1, last: bound.id as StatementId }
  return { ...plain, envelope: bound, id: bound.id as StatementId }
}

async function addDeviceOf(story: Story, device: Signer): Promise<Envelope<unknown>> {
  const { community, member, root, rootChain } = story.alice
  const payload = {
    m: member,
    device: device.publicKey,
    n: rootChain.next,
    prev: rootChain.last,
    at: story.at,
  }
  return seal(DEVICE_ADD, community, payload, [root, device])
}

async function noLedgers(
  { founded, alice }: Cast,
  good: readonly Uint8Array[],
): Promise<readonly LedgerCase[]> {
  const genesis = good[0] as Uint8Array
  const at = (time: number, envelope: Uint8Array) => encodeEntry({ at: time, e: envelope })
  const unsigned = wrap(founded.genesis.payloadBytes, alice.identity.signatures)
  return Promise.all([
    readExpected('begins with an identity', 'LEDGER-1', [good[1] as Uint8Array]),
    readExpected('a genesis that its founder did not sign', 'LEDGER-1', [at(NOON, unsigned)]),
    readExpected('a genesis from the future', 'LEDGER-1', [
      at(NOON - MAX_CLOCK_SKEW - MINUTE, founded.genesis.bytes),
    ]),
    readExpected('an entry before the one before it', 'LEDGER-2', [
      genesis,
      at(NOON - MINUTE, alice.identity.bytes),
    ]),
    readExpected('an entry that is none', 'ENTRY-1', [genesis, Uint8Array.of(0xf6)]),
    readExpected('an entry with a byte after it', 'ENTRY-1', [
      genesis,
      Uint8Array.from([...(good[1] as Uint8Array), 0]),
    ]),
    readExpected('nothing', 'LEDGER-1', [new Uint8Array(0)]),
  ])
}

/** What each ledger comes to, written down beside the rules and not by the code: members, and the entries that are void; or why it is none. */
const EXPECTED: ReadonlyMap<string, string> = new Map([
  ['Alice founds, and Bob comes in with her invitation', '2 members'],
  ['the genesis again', '1 members 3 genesis-repeated'],
  ['a statement of no known type', '1 members 3 unknown-type'],
  ['a statement of another community', '1 members 3 foreign-community'],
  ['a stranger who was not invited', '1 members 3 not-founder 4 member-unknown'],
  ['a founder with a second identity', '1 members 3 already-member'],
  ['a founder with three devices', '1 members'],
  ['a device that is in use', '1 members 3 device-known'],
  ['a statement from the future', '1 members 3 time-ahead'],
  ['a statement from a clock five minutes ahead', '1 members'],
  ['a device with the signatures of another statement', '1 members 3 signer-unexpected'],
  ['a gap in the chain of a root', '1 members 3 sequence-wrong'],
  ['the right number after the wrong statement', '1 members 3 previous-wrong'],
  ['a twin of a device', '1 members 3 equivocation'],
  ['a twin that Alice did not sign is no proof against her', '1 members 3 signer-unexpected'],
  ['a statement again, after a later one', '1 members 5 statement-known 6 statement-known'],
  ['an invitation that skips one', '1 members 3 sequence-wrong'],
  ['a twin of an invitation', '1 members 4 equivocation'],
  ['what a join carried, alone', '2 members 5 statement-known 6 statement-known'],
  ['a slot that a founder does not have', '1 members 3 slot-not-entitled'],
  ['a founder’s guest invites at once while the community is new', '3 members'],
  ['a guest’s guest waits', '3 members 7 slot-immature'],
  ['a third slot of somebody who has two', '2 members 5 slot-not-entitled'],
  ['a founder’s guest who came after the opening days waits', '2 members 5 slot-immature'],
  ['a founder’s guest of the last minute of the opening days', '2 members'],
  ['a founder’s guest of the first minute after the opening days', '2 members 5 slot-immature'],
  ['one minute before seven days', '2 members 5 slot-immature'],
  ['seven days after joining', '2 members'],
  ['nobody waits in an open community', '3 members'],
  ['time alone is not enough in a strict community', '2 members 5 slot-immature'],
  ['a slot whose invitation waits', '1 members 4 slot-spent'],
  ['a slot that somebody came in with', '2 members 5 slot-spent'],
  ['a slot in the last minute of its invitation', '1 members 4 slot-spent'],
  ['an invitation that expired unused frees its slot, and lets nobody in', '2 members 5 invitation-expired'],
  ['an invitation that is not in the ledger', '1 members 3 invitation-unknown'],
  ['an invitation that was used', '2 members 5 invitation-used'],
  ['the same person twice', '2 members 6 already-member'],
  ['a founder as a guest', '1 members 4 already-member'],
  ['an invitation that expired', '1 members 4 invitation-expired'],
  [
    'a join dated to the last minute of its invitation, which comes after it',
    '1 members 4 invitation-expired',
  ],
  ['an invitation in its last minute', '2 members'],
  ['an invitation that has expired when it comes', '1 members 3 invitation-expired'],
  ['an invitation for Dave', '2 members 4 invitation-not-for-you'],
  ['an invitation key for the second time', '1 members 4 invitation-key-known'],
  ['a device as an invitation key', '1 members 3 invitation-key-known'],
  ['a root as an invitation key', '1 members 3 invitation-key-known'],
  ['nobody is shut out by an invitation that names their root', '2 members'],
  ['an invitation by nobody of this community', '1 members 3 member-unknown'],
  ['Bob’s device invites in Alice’s name', '2 members 5 device-unknown'],
  ['a device of another member', '2 members 5 device-known'],
  ['a thief who saw a join in flight, without the seed', '2 members 4 signer-unexpected'],
  ['begins with an identity', 'genesis-missing'],
  ['a genesis that its founder did not sign', 'signature-wrong'],
  ['a genesis from the future', 'time-ahead'],
  ['an entry before the one before it', 'time-backwards'],
  ['an entry that is none', 'type-not-allowed'],
  ['an entry with a byte after it', 'trailing-bytes'],
  ['nothing', 'malformed'],
])
