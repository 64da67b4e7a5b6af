import { encodeValue } from '../../../../protocol/codec.ts'
import { BAN } from '../../../../protocol/community/ban.ts'
import { LEAVE } from '../../../../protocol/community/leave.ts'
import { GUARDIANS } from '../../../../protocol/identity/guardians.ts'
import { RECOVER } from '../../../../protocol/identity/recover.ts'
import { ROOT_ROTATE } from '../../../../protocol/identity/root-rotate.ts'
import { type Id, idBytes, idOf, type MemberId } from '../../../../protocol/ids.ts'
import { DAY, MINUTE } from '../../../../protocol/limits.ts'
import { recoverRoot, rotateRoot } from '../../../support/acts.ts'
import { addDevice, bytesOf, invite, type Person, signerOf } from '../../../support/community.ts'
import { named, signBytes, wrap } from '../raw.ts'
import { Story, type Tell } from '../story.ts'
import { withPhone } from './devices.ts'

const NOBODY = idOf<MemberId>(bytesOf('nobody'))
const NEW_ROOT = signerOf('Dave root 2')

/** §5.7: roots that change hands. */
export async function roots(tell: Tell): Promise<void> {
  await rotations(tell)
  await guardians(tell)
  await recoveries(tell)
  await refusedRecoveries(tell)

  const gone = await Story.begin()
  const bob = await gone.guest(gone.alice, 0, 'Bob')
  await gone.rootSays(bob, LEAVE, {})
  gone.put((await invite({ ...bob }, 0, gone.at)).envelope)
  gone.put(await addDevice({ ...bob }, 'Bob phone', gone.at))
  await gone.rootTries(bob, LEAVE, {})
  await tell(
    'who left says nothing more',
    'LEAVE-1',
    gone,
    '2 members 6 member-left 7 member-left 8 member-left',
  )
}

async function rotations(tell: Tell): Promise<void> {
  const fresh = await Story.begin()
  const old = { ...fresh.alice }
  const { person: alice, envelope } = await rotateRoot(old, signerOf('Alice root 2'), fresh.at)
  fresh.put(envelope).put(await addDevice(alice, 'Alice phone', fresh.at))
  await fresh.rootTries({ ...old, rootChain: alice.rootChain }, LEAVE, {})
  await fresh.rootTries({ ...alice, rootChain: old.rootChain }, LEAVE, {})
  await fresh.rootSays(alice, LEAVE, {})
  await tell(
    'a new root begins its own chain, and the old one is over',
    'ROOT-4',
    fresh,
    '1 members 5 signer-unexpected 6 sequence-wrong',
  )

  const known = await Story.begin()
  const bob = await known.guest(known.alice, 0, 'Bob')
  for (const root of [known.alice.device, bob.root, bob.device])
    await known.rootTries(known.alice, ROOT_ROTATE, { root: root.publicKey }, [root])
  await known.rootTries(known.alice, ROOT_ROTATE, { root: known.alice.root.publicKey })
  await tell(
    'a new root that is a root or a device already',
    'ROOT-4',
    known,
    '2 members 5 device-known 6 device-known 7 device-known 8 device-known',
  )

  const alone = await Story.begin()
  await alone.rootTries(alone.alice, ROOT_ROTATE, { root: signerOf('Alice root 2').publicKey })
  await tell('a new root that did not sign', 'ROOT-4', alone, '1 members 3 signer-missing')
}

async function guardians(tell: Tell): Promise<void> {
  const wrong = await Story.begin()
  const { alice } = wrong
  const bob = await wrong.guest(alice, 0, 'Bob')
  await wrong.rootTries(alice, GUARDIANS, { k: 1, of: ordered(alice.member, bob.member) })
  await wrong.rootTries(alice, GUARDIANS, { k: 1, of: ordered(bob.member, NOBODY) })
  wrong.putBytes(await moreThanThereAre(alice, bob, wrong.at))
  await wrong.rootSays(alice, GUARDIANS, { k: 1, of: [bob.member] })
  await tell(
    'guardians who cannot be: oneself, nobody, and more than there are',
    'ROOT-3',
    wrong,
    '2 members 5 self-target 6 member-unknown 7 field-invalid',
  )
}

async function recoveries(tell: Tell): Promise<void> {
  const due = await guarded(2)
  const { person: again, envelope } = await due.recovery(due.bob, due.carol)
  due.story.put(envelope).after(7 * DAY - MINUTE)
  due.story.put(await addDevice({ ...again }, 'Dave phone', due.story.at)).after(MINUTE)
  due.story.put(await addDevice(again, 'Dave phone', due.story.at))
  due.story.put(await addDevice({ ...again, root: due.dave.root }, 'Dave tablet', due.story.at))
  await tell(
    'guardians give Dave a new root, seven days later to the minute',
    'ROOT-5',
    due.story,
    '4 members 11 signer-unexpected 13 signer-unexpected',
  )

  const withdrawn = await guarded(1)
  const { dave } = withdrawn
  const thief = await withdrawn.recovery(withdrawn.bob)
  withdrawn.story.put(thief.envelope).after(3 * DAY)
  withdrawn.story.put(await addDevice(dave, 'Dave phone', withdrawn.story.at)).after(5 * DAY)
  withdrawn.story.put(
    await addDevice({ ...dave, root: thief.person.root }, 'Dave tablet', withdrawn.story.at),
  )
  withdrawn.story.put((await withdrawn.recovery(withdrawn.bob)).envelope)
  withdrawn.story.put(await addDevice(dave, 'Dave tablet', withdrawn.story.at))
  await tell(
    'the old root says no within seven days, and the new one never is',
    'ROOT-5',
    withdrawn.story,
    '4 members 12 signer-unexpected 13 device-known',
  )

  const banned = await guarded(1)
  const late = await banned.recovery(banned.bob)
  banned.story.put(late.envelope)
  await banned.story.councilSays(BAN, { m: banned.dave.member, why: 'abuse' })
  banned.story.after(8 * DAY)
  await banned.story.rootTries(late.person, LEAVE, {})
  await tell(
    'a recovery goes on while its member is banned',
    'ROOT-5',
    banned.story,
    '4 members 12 member-banned',
  )
}

async function refusedRecoveries(tell: Tell): Promise<void> {
  const { story, bob, carol, dave, recovery } = await guarded(2)
  const phone = await withPhone(story)
  const { alice } = story
  const strangers = await recoverRoot({ ...dave, member: NOBODY }, NEW_ROOT, [bob.device], story.at)
  story.put(strangers.envelope)
  story.put((await recoverRoot(alice, NEW_ROOT, [bob.device, carol.device], story.at)).envelope)
  story.put((await recoverRoot(dave, bob.root, [bob.device, carol.device], story.at)).envelope)
  story.put((await recovery(bob)).envelope)
  story.put((await recovery(bob, alice)).envelope)
  story.put((await recovery(bob, { ...bob, device: phone.device })).envelope)
  story.put((await recovery(bob, { ...bob, device: signerOf('nobody') })).envelope)
  await story.seals(RECOVER, { m: dave.member, root: NEW_ROOT.publicKey }, [bob.device, carol.device])
  await tell(
    'recoveries that guardians cannot give',
    'ROOT-6',
    story,
    '4 members 11 member-unknown 12 guardian-unknown 13 device-known 14 guardians-minority' +
      ' 15 signer-unexpected 16 signer-unexpected 17 signer-unexpected 18 signer-missing',
  )

  const twice = await guarded(2)
  const second = await addDevice(twice.bob, 'Bob phone', twice.story.at)
  twice.story.put(second)
  twice.story.put((await twice.recovery(twice.bob, { ...twice.bob, device: signerOf('Bob phone') })).envelope)
  await tell('two devices of one guardian', 'ROOT-6', twice.story, '4 members 11 signer-unexpected')

  const pending = await guarded(1)
  pending.story.put((await pending.recovery(pending.bob)).envelope)
  const other = await recoverRoot(
    pending.dave,
    signerOf('Dave root 3'),
    [pending.carol.device],
    pending.story.at,
  )
  pending.story.put(other.envelope)
  await tell('a second recovery while one waits', 'ROOT-6', pending.story, '4 members 11 recovery-pending')

  const banned = await guarded(1)
  await banned.story.councilSays(BAN, { m: banned.bob.member, why: 'abuse' })
  banned.story.put((await banned.recovery(banned.bob)).envelope)
  await banned.story.councilSays(BAN, { m: banned.dave.member, why: 'abuse' })
  banned.story.put((await banned.recovery(banned.carol)).envelope)
  await tell(
    'neither does a banned guardian recover anybody, nor anybody a banned member',
    'ROOT-6',
    banned.story,
    '4 members 11 signer-unexpected 13 member-banned',
  )
}

/** Alice, and her guests Bob, Carol and Dave, who named Bob and Carol as his guardians: entries 0 to 9. */
async function guarded(k: number) {
  const story = await Story.begin()
  const bob = await story.guest(story.alice, 0, 'Bob')
  const carol = await story.guest(story.alice, 1, 'Carol')
  const dave = await story.guest(story.alice, 2, 'Dave')
  await story.rootSays(dave, GUARDIANS, { k, of: ordered(bob.member, carol.member) })
  const recovery = (...by: readonly Person[]) =>
    recoverRoot(
      dave,
      NEW_ROOT,
      by.map(({ device }) => device),
      story.at,
    )
  return { story, bob, carol, dave, recovery }
}

/** In the order of their bytes, as a set stands. */
export function ordered<T extends Id>(...ids: readonly T[]): readonly T[] {
  return ids.toSorted((a, b) => Buffer.compare(idBytes(a), idBytes(b)))
}

/** Two of one guardian. */
async function moreThanThereAre(alice: Person, bob: Person, at: number): Promise<Uint8Array> {
  const { community, member, root, rootChain } = alice
  const payload = encodeValue(
    named('guardians', community, {
      m: idBytes(member),
      k: 2,
      of: [idBytes(bob.member)],
      n: rootChain.next,
      prev: idBytes(rootChain.last),
      at,
    }),
  )
  return wrap(payload, await signBytes('guardians', community, payload, [root]))
}
