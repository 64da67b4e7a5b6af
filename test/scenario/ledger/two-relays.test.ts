import { expect, onTestFinished, test, vi } from 'vitest'
import { httpSource } from '../../../node/audit/http-source.ts'
import { askSite } from '../../../node/site-address.ts'
import { BAN } from '../../../protocol/community/ban.ts'
import type { MemberId } from '../../../protocol/ids.ts'
import { parseCheckpoint } from '../../../protocol/log/checkpoint.ts'
import { parseNote } from '../../../protocol/log/signed-note.ts'
import { toLedgerTime } from '../../../protocol/time.ts'
import { LEDGER } from '../../../protocol/wire/services.ts'
import { councilAct } from '../../support/acts.ts'
import { type Invitation, invite, join, type Person } from '../../support/community.ts'
import { PATIENCE } from '../../support/node-peer.ts'
import { enterAs, knockWith, now, type RawClient, rawClient, refused } from '../../support/raw-client.ts'
import { startRelayProcess } from '../../support/relay-process.ts'
import { startSeededRelay } from '../../support/seeded-relay.ts'
import { audit } from './auditor.ts'
import { good } from './book.ts'

vi.setConfig({ testTimeout: 2 * PATIENCE })

/** Two relays serve one community; one of them is its log. The council bans Mallory while two of her guests are coming in. */
test('a ban and a join that race to two relays get one order, which everybody reads the same', async () => {
  const town = await startSeededRelay()
  onTestFinished(() => town.relay.close())
  const { alice, mallory } = town
  const hers = await visit(town.site, (client) => enterAs(client, mallory))
  const invitations: Invitation[] = []
  for (const slot of [0, 1]) {
    const invitation = await invite(mallory, slot, minute())
    expect(await put(hers, invitation.envelope)).toBe('taken')
    invitations.push(invitation)
  }
  const mirror = await startRelayProcess(['--mirror', town.relay.origin])
  onTestFinished(() => mirror.close())
  await grown(mirror.origin, 17)

  const [toMirror, toLog] = invitations as [Invitation, Invitation]
  const [rita, rob] = [await join(toMirror, 'Rita', minute()), await join(toLog, 'Rob', minute())]
  const ban = await councilAct(alice.community, BAN, { m: mallory.member, why: 'abuse', cut: 0 }, minute(), [
    alice.root,
  ])
  const council = await visit(town.site, (client) => enterAs(client, alice))
  const ritas = await visit(await siteOf(mirror.origin), (client) => knockWith(client, toMirror))
  const robs = await visit(town.site, (client) => knockWith(client, toLog))
  const [ofRita, ofRob, ofBan] = await Promise.all([
    put(ritas, rita.envelope),
    put(robs, rob.envelope),
    put(council, ban),
  ])
  // Only the log orders. To it came Rob before the ban, and was cut by it, or after it, and is nobody.
  expect(ofRita).toBe('not-log')
  expect(ofBan).toBe('taken')
  expect(['taken', 'invitation-void']).toContain(ofRob)
  // Rita has lost the race.
  expect(await put(await visit(town.site, (client) => enterAs(client, alice)), rita.envelope)).toBe(
    'invitation-void',
  )

  const size = ofRob === 'taken' ? 19 : 18
  const [log, copy] = [await readFrom(town.relay.origin, size), await readFrom(mirror.origin, size)]
  expect([log.findings, copy.findings]).toEqual([[], []])
  expect(copy.head).toEqual(log.head)
  expect(copy.checkpoint?.state).toEqual(log.head.state)
  const standing = ({ member }: Person, { state }: typeof log) =>
    state?.members.get(member as MemberId)?.standing
  for (const seen of [log, copy]) {
    expect(standing(mallory, seen)).toBe('banned')
    expect(standing(rita.person, seen)).toBeUndefined()
    expect(standing(rob.person, seen)).toBe(ofRob === 'taken' ? 'cut' : undefined)
  }
  // The mirror gives the same to its members, and takes nothing.
  const onMirror = await visit(await siteOf(mirror.origin), (client) => enterAs(client, alice))
  const answers = [await onMirror.ask(LEDGER, { get: 0 }), await council.ask(LEDGER, { get: 0 })]
  expect(answers[0] === 'reset' ? answers[0] : answers[0]?.entries).toEqual(
    answers[1] === 'reset' ? undefined : answers[1]?.entries,
  )
  expect(await put(onMirror, (await invite({ ...alice }, 9, minute())).envelope)).toBe('not-log')
})

async function visit(
  site: Parameters<typeof rawClient>[0],
  greet: (client: RawClient) => Promise<void>,
): Promise<RawClient> {
  const client = await rawClient(site)
  onTestFinished(() => client.vanish())
  await greet(client)
  return client
}

async function put(client: RawClient, { bytes }: { readonly bytes: Uint8Array }): Promise<unknown> {
  const answer = await client.ask(LEDGER, { put: bytes })
  return answer !== 'reset' && answer.promise ? 'taken' : refused(answer)
}

function siteOf(origin: string) {
  return askSite(new URL(origin), AbortSignal.timeout(PATIENCE))
}

/** The log at this origin, once it has signed or taken over so many entries. */
async function grown(origin: string, size: number) {
  const source = httpSource(new URL('/log/', origin))
  const newest = async () => {
    const note = await source.checkpoint(AbortSignal.timeout(PATIENCE)).catch(() => undefined)
    return note && good(parseCheckpoint(good(parseNote(note)).text)).size
  }
  await expect.poll(newest, { timeout: PATIENCE }).toBe(size)
  return source
}

async function readFrom(origin: string, size: number) {
  return audit(await grown(origin, size))
}

function minute(): number {
  return toLedgerTime(now())
}
