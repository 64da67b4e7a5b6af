import { expect, test, vi } from 'vitest'
import { decodeEntry, PROMISE } from '../../../protocol/community/entry.ts'
import { LEAK } from '../../../protocol/community/evidence.ts'
import { open, seal } from '../../../protocol/envelope.ts'
import { MAX_ENVELOPE_BYTES } from '../../../protocol/limits.ts'
import { type SubmissionParts, submit } from '../../../relay/http/submission-door.ts'
import { PROFILE_PATH, STATEMENT_PATH } from '../../../relay/passing.ts'
import { keepProfile } from '../../../relay/services/profiles.ts'
import { invite, join, NOON, type Person, signerOf } from '../../support/community.ts'
import { PATIENCE } from '../../support/patience.ts'
import { found, type ServiceRig, serviceRig } from '../services/rig.ts'

/** The doors of a relay whose community Alice founded. */
async function doors(): Promise<{ rig: ServiceRig; alice: Person; parts: SubmissionParts }> {
  const rig = await serviceRig()
  const { founder: alice } = await found(rig)
  const parts: SubmissionParts = {
    membership: () => rig.keeper.membership,
    allow: () => rig.allPuts.take('everybody'),
    take: rig.take,
    keep: async (profile) => {
      const { membership } = rig.keeper
      if (membership === undefined) throw new Error('founded above')
      return await keepProfile(rig, membership, profile)
    },
  }
  return { rig, alice, parts }
}

function post(body: Uint8Array): Request {
  return new Request('http://relay/submit', { method: 'POST', body: body as Uint8Array<ArrayBuffer> })
}

async function refusal(response: Response): Promise<readonly [number, unknown]> {
  return [response.status, await response.json()]
}

test('KEEP-7: a statement of a member is taken, and answered with the promise of the log', async () => {
  const { rig, alice, parts } = await doors()
  const { envelope } = await invite(alice, 0, NOON)
  const response = await submit(parts, STATEMENT_PATH, false, post(envelope.bytes))
  expect(response.status).toBe(200)
  const promise = open(PROMISE, alice.community, new Uint8Array(await response.arrayBuffer()))
  expect(promise.ok && promise.value.payload).toMatchObject({ id: envelope.id, index: 3 })
  expect(promise.ok && promise.value.signatures.map(({ key }) => key)).toEqual([rig.keys.first])
})

test('KEEP-7: a join by an invitation that is there comes in without a session', async () => {
  const { rig, alice, parts } = await doors()
  const invitation = await invite(alice, 0, NOON)
  await submit(parts, STATEMENT_PATH, false, post(invitation.envelope.bytes))
  const { envelope, person } = await join(invitation, 'Bob', NOON)
  expect((await submit(parts, STATEMENT_PATH, true, post(envelope.bytes))).status).toBe(200)
  expect(rig.keeper.membership?.members.has(person.member)).toBe(true)
})

test('LEAK-1: somebody whose link another used says so here, and the ledger tells everybody', async () => {
  const { rig, alice, parts } = await doors()
  const invitation = await invite(alice, 0, NOON)
  const [thief, bob] = [await join(invitation, 'Mallory', NOON), await join(invitation, 'Bob', NOON)]
  for (const { bytes } of [invitation.envelope, thief.envelope])
    expect((await submit(parts, STATEMENT_PATH, false, post(bytes))).status).toBe(200)
  const late = await submit(parts, STATEMENT_PATH, false, post(bob.envelope.bytes))
  expect(await refusal(late)).toEqual([422, { error: 'invitation-used' }])
  await vi.waitFor(() => expect(rig.store.size).toBe(6), PATIENCE)
  const last = decodeEntry(rig.keeper.entries(5, 1)[0] as Uint8Array)
  const leak = last.ok ? open(LEAK, alice.community, last.value.e) : last
  expect(leak.ok && leak.value.payload.join).toEqual(bob.envelope.bytes)
  // A third proves no more, and costs the ledger nothing.
  const third = await submit(
    parts,
    STATEMENT_PATH,
    false,
    post((await join(invitation, 'Eve', NOON)).envelope.bytes),
  )
  expect(await refusal(third)).toEqual([422, { error: 'invitation-used' }])
  await rig.keeper.close()
  expect(rig.store.size).toBe(6)
})

test('KEEP-7: nothing is taken of whom the ledger does not know, before a signature is looked at', async () => {
  const { rig, alice, parts } = await doors()
  const { envelope: unknown } = await invite(alice, 0, NOON)
  const stranger = { ...alice, device: signerOf('a stranger') }
  const { envelope: foreign } = await invite(stranger, 0, NOON)
  const byNobody = await join({ ...(await invite(alice, 1, NOON)) }, 'Eve', NOON)
  const leak = await seal(LEAK, alice.community, { join: byNobody.envelope.bytes, at: NOON }, [
    signerOf('anybody'),
  ])
  let judged = 0
  const watched: SubmissionParts = {
    ...parts,
    take: (...of) => {
      judged++
      return parts.take(...of)
    },
  }
  const answers: unknown[] = []
  for (const bytes of [
    foreign.bytes,
    byNobody.envelope.bytes,
    leak.bytes,
    unknown.bytes.slice(0, -1),
    new Uint8Array(),
  ])
    answers.push(await refusal(await submit(watched, STATEMENT_PATH, false, post(bytes))))
  expect(answers).toEqual([
    [403, { error: 'not-admitted' }],
    [422, { error: 'invitation-unknown' }],
    [403, { error: 'not-admitted' }],
    [422, { error: 'malformed' }],
    [422, { error: 'malformed' }],
  ])
  expect([judged, rig.store.size]).toEqual([0, 3])
})

test('KEEP-7: what is too large, too much, or for no community is refused with its code', async () => {
  const { alice, parts } = await doors()
  const { envelope } = await invite(alice, 0, NOON)
  const ask = async (changed: Partial<SubmissionParts>, bytes: Uint8Array) =>
    refusal(await submit({ ...parts, ...changed }, STATEMENT_PATH, false, post(bytes)))
  expect(await ask({}, new Uint8Array(MAX_ENVELOPE_BYTES + 1))).toEqual([413, { error: 'too-large' }])
  expect(await ask({ allow: () => false }, envelope.bytes)).toEqual([429, { error: 'rate-limited' }])
  expect(await ask({ membership: () => undefined }, envelope.bytes)).toEqual([503, { error: 'not-founded' }])
})

test('KEEP-7: a member’s profile is kept, and what is none is refused', async () => {
  const { rig, alice, parts } = await doors()
  expect((await submit(parts, PROFILE_PATH, false, post(alice.profile.bytes))).status).toBe(204)
  expect(rig.store.profile(alice.member)).toEqual(alice.profile.bytes)
  const cut = alice.profile.bytes.slice(0, -1)
  expect(await refusal(await submit(parts, PROFILE_PATH, false, post(cut)))).toEqual([
    422,
    { error: 'malformed' },
  ])
})
