import { EQUIVOCATION, LEAK, LOG_FORK } from '../../../../protocol/community/evidence.ts'
import type { Envelope } from '../../../../protocol/envelope.ts'
import { idBytes, type StatementId } from '../../../../protocol/ids.ts'
import { MINUTE } from '../../../../protocol/limits.ts'
import { signCheckpoint } from '../../../../protocol/log/checkpoint.ts'
import { encodeEvidence, forkEvidence } from '../../../../protocol/log/evidence.ts'
import type { Signer } from '../../../../protocol/signature.ts'
import {
  addDevice,
  bytesOf,
  invite,
  join,
  type Person,
  personOf,
  signerOf,
} from '../../../support/community.ts'
import { LOG } from '../cast.ts'
import { wrap } from '../raw.ts'
import { Story, type Tell } from '../story.ts'

/** §6.11: what proves itself. */
export async function evidence(tell: Tell): Promise<void> {
  await devicesThatSignTwice(tell)
  await rootsThatSignTwice(tell)
  await leaks(tell)
  await forks(tell)
}

async function devicesThatSignTwice(tell: Tell): Promise<void> {
  const story = await Story.begin()
  const { alice } = story
  const bob = await story.guest(alice, 0, 'Bob')
  const twins = await twinsOf(bob, story.at)
  const third = (await invite({ ...bob, deviceChain: { ...bob.deviceChain, next: 2 } }, 0, story.at)).envelope
  const mallory = await personOf(story.founded.community, 'Mallory', story.at)
  await story.seals(EQUIVOCATION, inOrder(twins[0], third))
  await story.seals(EQUIVOCATION, { a: inOrder(...twins).b, b: inOrder(...twins).a })
  await story.seals(EQUIVOCATION, { a: twins[0].bytes, b: twins[0].bytes })
  await story.seals(EQUIVOCATION, inOrder(twins[0], forged(twins[1], twins[0])))
  await story.seals(EQUIVOCATION, { a: bytesOf('nothing'), b: twins[0].bytes })
  await story.seals(EQUIVOCATION, inOrder(...(await twinsOf(mallory, story.at))))
  await story.seals(EQUIVOCATION, inOrder(...twins), [signerOf(LOG), alice.device])
  await story.seals(EQUIVOCATION, inOrder(...twins))
  story.put((await invite({ ...bob }, 0, story.at)).envelope)
  await story.after(MINUTE).seals(EQUIVOCATION, inOrder(...twins), [alice.device])
  await tell(
    'Bob’s device signed two invitations for one place, and is frozen',
    'EQUIV-1',
    story,
    '2 members 5 evidence-wrong 6 evidence-wrong 7 evidence-wrong 8 evidence-wrong 9 evidence-wrong' +
      ' 10 device-unknown 11 signer-unexpected 13 key-frozen 14 evidence-known',
  )
}

async function rootsThatSignTwice(tell: Tell): Promise<void> {
  const story = await Story.begin()
  const { alice } = story
  const one = await addDevice({ ...alice }, 'Alice phone', story.at)
  const other = await addDevice({ ...alice }, 'Alice tablet', story.at)
  story.put(one)
  await story.seals(EQUIVOCATION, inOrder(one, other))
  story.put(
    await addDevice(
      { ...alice, rootChain: { next: 3, last: one.id as StatementId } },
      'Alice tablet',
      story.at,
    ),
  )
  story.put((await invite(alice, 0, story.at)).envelope)
  await tell(
    'a root that signed twice adds no device, while those that it has go on',
    'EQUIV-1',
    story,
    '1 members 5 key-frozen',
  )
}

async function leaks(tell: Tell): Promise<void> {
  const story = await Story.begin()
  const { alice } = story
  const link = await invite(alice, 0, story.at)
  story.put(link.envelope)
  const bobs = (await join(link, 'Bob', story.at)).envelope
  const mallorys = (await join(link, 'Mallory', story.at)).envelope
  await story.seals(LEAK, { join: mallorys.bytes })
  story.put(bobs)
  const unknown = (await join(await invite({ ...alice }, 1, story.at), 'Mallory', story.at)).envelope
  await story.seals(LEAK, { join: unknown.bytes })
  await story.seals(LEAK, { join: bobs.bytes })
  await story.seals(LEAK, { join: alice.identity.bytes })
  await story.seals(LEAK, { join: forged(mallorys, bobs).bytes })
  await story.seals(LEAK, { join: mallorys.bytes })
  await story.after(MINUTE).seals(LEAK, { join: mallorys.bytes }, [alice.device])
  await tell(
    'two people had Alice’s link',
    'LEAK-1',
    story,
    '2 members 4 evidence-wrong 6 invitation-unknown 7 evidence-wrong 8 evidence-wrong 9 evidence-wrong 11 evidence-known',
  )
}

async function forks(tell: Tell): Promise<void> {
  const story = await Story.begin()
  const fork = async (size: number, log: Signer, other = 'another history') => {
    const { community } = story.founded
    const signed = (root: string) =>
      signCheckpoint(log, community, { size, root: bytesOf(root), state: bytesOf('a state') })
    return encodeEvidence(forkEvidence(community, await signed('one history'), await signed(other)))
  }
  const log = signerOf(LOG)
  await story.seals(LOG_FORK, { evidence: await fork(7, signerOf('another log')) })
  await story.seals(LOG_FORK, { evidence: bytesOf('nothing') })
  await story.seals(LOG_FORK, { evidence: await fork(7, log) })
  await story.seals(LOG_FORK, { evidence: await fork(7, log, 'a third history') })
  await story.seals(LOG_FORK, { evidence: await fork(5, log) }, [story.alice.device])
  await tell(
    'the log signed two histories, of two sizes',
    'FORK-1',
    story,
    '1 members 3 evidence-wrong 4 evidence-wrong 6 evidence-known',
  )
}

/** Two invitations for the next place of a device. */
async function twinsOf(person: Person, at: number) {
  const one = await invite({ ...person }, 0, at)
  const other = await invite({ ...person }, 1, at)
  return [one.envelope, other.envelope] as const
}

function inOrder(one: Envelope<unknown>, other: Envelope<unknown>) {
  const [a, b] = Buffer.compare(idBytes(one.id), idBytes(other.id)) < 0 ? [one, other] : [other, one]
  return { a: a.bytes, b: b.bytes }
}

/** A statement with the signatures of another one of the same signers. */
function forged(statement: Envelope<unknown>, { signatures }: Envelope<unknown>): Envelope<unknown> {
  return { ...statement, bytes: wrap(statement.payloadBytes, signatures) }
}
