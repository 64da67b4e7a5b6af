import { afterEach, expect, test } from 'vitest'
import { platformVerifier } from '../../node/crypto/native.ts'
import { NetworkError } from '../../node/network/network-error.ts'
import { askSite } from '../../node/site-address.ts'
import { decodeEntry, type LogPromise } from '../../protocol/community/entry.ts'
import { beginLedger, replay } from '../../protocol/community/replay.ts'
import type { Envelope } from '../../protocol/envelope.ts'
import type { Reason } from '../../protocol/reasons.ts'
import type { Result } from '../../protocol/result.ts'
import { toLedgerTime } from '../../protocol/time.ts'
import { addDevice, foundCommunity, invite, join } from '../support/community.ts'
import { connectMember, type LedgerClient } from '../support/ledger-client.ts'
import { PATIENCE } from '../support/patience.ts'
import { type RelayProcess, startRelayProcess } from '../support/relay-process.ts'

const ROUNDS = 10
/** Promises in one round after which the relay is killed, at most; a member may submit 32 statements at once. */
const MOST_IN_A_ROUND = 24

const running: { stop(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const thing of running.splice(0).reverse()) await thing.stop()
})

/** What a member was promised: the statement as it was signed, and the promise. */
interface Promised {
  readonly statement: Uint8Array
  readonly promise: Envelope<LogPromise>
}

test('a relay that is killed at any moment has everything that it promised, where it promised it', {
  timeout: 300_000,
}, async () => {
  const relay = await startRelayProcess()
  running.push({ stop: () => relay.close() })
  const clients = await village(relay)
  const [alice] = clients as [LedgerClient]
  const promised: Promised[] = []
  const expectKept = await watch(alice)
  let labels = 0

  /** Adds devices one after the other until the relay is gone; what had no answer then is submitted again later. */
  async function submitUntilKilled(client: LedgerClient, onPromise: () => void): Promise<void> {
    for (;;) {
      const { bytes: statement } = await addDevice(client.person, `device ${labels++}`, now())
      waiting.set(client, statement)
      const taken = await client.submit(statement).catch((error: unknown) => {
        if (error instanceof NetworkError) return undefined
        throw error
      })
      if (taken === undefined) return
      waiting.delete(client)
      promised.push({ statement, promise: good(taken) })
      onPromise()
    }
  }
  const waiting = new Map<LedgerClient, Uint8Array>()

  for (let round = 0; round < ROUNDS; round++) {
    // From the first moment, with nothing answered yet, to a busy relay; another moment in every round.
    let left = Math.floor((round * MOST_IN_A_ROUND) / ROUNDS)
    let killed: Promise<void> | undefined
    const killWhenDue = () => {
      if (left-- <= 0) killed ??= relay.kill()
    }
    const submitting = clients.map((client) => submitUntilKilled(client, killWhenDue))
    if (round === 0) killed ??= relay.kill()
    await Promise.all(submitting)
    await killed
    await relay.restart()
    await Promise.all(clients.map((client) => client.admitted()))

    await expectKept(promised)
    for (const [client, statement] of waiting) {
      const taken = await client.submit(statement)
      promised.push({ statement, promise: good(taken) })
    }
    waiting.clear()
  }

  // The promise is the same whenever it is asked for.
  for (const { statement, promise } of promised.slice(0, 8)) {
    expect(await alice.submit(statement)).toMatchObject({ ok: true, value: { bytes: promise.bytes } })
  }
  expect(promised.length).toBeGreaterThan(ROUNDS)

  // A relay that is asked to end while it is busy ends well, and has what it promised.
  let stopped: Promise<void> | undefined
  await Promise.all(
    clients.map((client) =>
      submitUntilKilled(client, () => {
        stopped ??= relay.stop()
      }),
    ),
  )
  await stopped
  await relay.restart()
  await Promise.all(clients.map((client) => client.admitted()))
  await expectKept(promised)
})

/** Looks at a ledger again and again: what was seen once stays as it was, and what came since replays with nothing void. */
async function watch(client: LedgerClient): Promise<(promised: readonly Promised[]) => Promise<void>> {
  const verifier = await platformVerifier()
  let seen = await client.entries()
  let membership = good(await beginLedger(verifier, seen[0] as Uint8Array))
  membership = good(await replay(verifier, membership, seen.slice(1)))
  return async (promised) => {
    const entries = await client.entries()
    expect(entries.slice(0, seen.length)).toEqual(seen)
    membership = good(await replay(verifier, membership, entries.slice(seen.length)))
    expect(membership.voids).toEqual([])
    seen = entries
    const decoded = entries.map((entry) => good(decodeEntry(entry)))
    for (const { statement, promise } of promised) {
      const { index, at } = promise.payload
      expect({ at: decoded[index]?.at, e: hex(decoded[index]?.e) }).toEqual({ at, e: hex(statement) })
    }
  }
}

function good<T>(result: Result<T, Reason>): T {
  if (!result.ok) throw new Error(`refused: ${result.reason}`)
  return result.value
}

function hex(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString('hex')
}

/** Alice founds, and invites Bob and Carol; all three are connected. */
async function village(relay: RelayProcess): Promise<LedgerClient[]> {
  const site = await askSite(new URL(relay.origin), AbortSignal.timeout(PATIENCE))
  const { genesis, founder } = await foundCommunity(site.logKey, now())
  const token = relay.foundingLink?.split('/').at(-1) ?? ''
  const keep = (client: LedgerClient) => {
    running.push(client.network)
    return client
  }
  const alice = keep(
    await connectMember(relay.origin, founder, {
      token,
      genesis: genesis.bytes,
      identity: founder.identity.bytes,
      device: founder.deviceAdd.bytes,
      profile: founder.profile.bytes,
    }),
  )
  await alice.admitted()
  const clients = [alice]
  for (const [slot, name] of ['Bob', 'Carol'].entries()) {
    const invitation = await invite(founder, slot, now())
    const { person, envelope } = await join(invitation, name, now())
    for (const { bytes } of [invitation.envelope, envelope]) good(await alice.submit(bytes))
    const client = keep(await connectMember(relay.origin, person))
    await client.admitted()
    clients.push(client)
  }
  return clients
}

function now(): number {
  return toLedgerTime(Math.floor(Date.now() / 1000))
}
