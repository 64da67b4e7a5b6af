import { open } from '../protocol/envelope.ts'
import type { KeyText, MemberId } from '../protocol/ids.ts'
import { MINUTE } from '../protocol/limits.ts'
import type { Reason } from '../protocol/reasons.ts'
import { bad, good, type Result } from '../protocol/result.ts'
import { PRESENCE, verifyPresence } from '../protocol/session.ts'
import { HELLO } from '../protocol/wire/services.ts'
import type { Judging } from './gossip/received.ts'
import type { Named } from './ledger/light.ts'
import type { PeerIdString, PeerNetwork } from './network/network.ts'
import { keyOf } from './network/peer-id.ts'
import { Observed } from './observed.ts'
import { type Cancel, type Clock, second } from './ports/clock.ts'
import { type Me, sealPresence } from './presence.ts'
import { ask, serve } from './requests.ts'

/** How often relays get a new presence, in milliseconds: one may get lost. */
const RENEWAL = 4 * MINUTE * 1000
/** A peer that connects says who it is within this many milliseconds, or goes. */
const GREETING_TIMEOUT = 10_000

/** Which member each connected session belongs to, proved by both (SPEC §5.5 and §9.2). */
export interface Greetings {
  readonly members: Observed<ReadonlyMap<PeerIdString, MemberId>>
  /** Whose session it is, once it has said so if we have just asked it: it knows us before it is known, and may ask something already (HELLO-2). */
  whose(peer: PeerIdString): Promise<MemberId | undefined>
  /** Which member a session belongs to, by a presence of it that came over somebody else. */
  check(peer: PeerIdString, presence: Uint8Array): Promise<Result<MemberId, Reason>>
  /** Proves to a relay who we are. @throws NetworkError */
  enter(relay: PeerIdString, signal: AbortSignal): Promise<Result<true, Reason>>
  stop(): void
}

/** What those who meet show each other of the log (HELLO-1), so that it cannot tell each of them another story. */
export interface CheckpointGossip {
  /** The newest checkpoint that holds here. */
  readonly newest: () => Uint8Array | undefined
  /** Somebody who proved to be a member, or a relay, showed theirs. */
  readonly shown: (from: PeerIdString, checkpoint: Uint8Array) => void
}

/**
 * @param find brings the ledger up to date, when somebody is not in our copy of it
 */
export async function startGreetings(
  me: Me,
  network: PeerNetwork,
  judging: Judging,
  clock: Clock,
  find: (who: Named) => Promise<void>,
  gossip: CheckpointGossip,
): Promise<Greetings> {
  const members = new Observed<ReadonlyMap<PeerIdString, MemberId>>(new Map())
  const relays = new Set<PeerIdString>()
  /** Peers that connected and have not said yet who they are, with what ends the wait for it. */
  const awaited = new Map<PeerIdString, Cancel>()
  /** Those whom we said who we are and who have not answered yet. Never fails. */
  const asked = new Map<PeerIdString, Promise<void>>()
  const stopping = new AbortController()

  async function greeting(): Promise<{ readonly p: Uint8Array; readonly cp?: Uint8Array }> {
    const p = await sealPresence(me, judging.membership().community, second(clock))
    const cp = gossip.newest()
    return cp === undefined ? { p } : { p, cp }
  }

  async function check(peer: PeerIdString, bytes: Uint8Array): Promise<Result<MemberId, Reason>> {
    const key: KeyText | undefined = keyOf(peer)
    if (key === undefined) return bad('key-not-admitted')
    const verify = () => verifyPresence(judging.verifier, judging.membership(), bytes, second(clock), key)
    let verified = await verify()
    if (!verified.ok && verified.reason === 'not-member') {
      const opened = open(PRESENCE, judging.membership().community, bytes)
      if (!opened.ok) return opened
      const { m: member, device } = opened.value.payload
      await find({ member, device })
      verified = await verify()
    }
    return verified.ok ? good(verified.value.payload.m) : verified
  }

  function expectNothing(peer: PeerIdString): void {
    awaited.get(peer)?.()
    awaited.delete(peer)
  }

  function bind(peer: PeerIdString, member: MemberId): void {
    expectNothing(peer)
    members.set(new Map(members.value).set(peer, member))
  }

  function forget(peer: PeerIdString): void {
    expectNothing(peer)
    if (!members.value.has(peer)) return
    const rest = new Map(members.value)
    rest.delete(peer)
    members.set(rest)
  }

  /** The lower PeerId dialled, and the one who dialled speaks first; the other one has so long to hear it. */
  function meet(peer: PeerIdString): void {
    if (relays.has(peer)) return
    expectNothing(peer)
    const late = clock.after(GREETING_TIMEOUT, () => {
      awaited.delete(peer)
      void network.disconnect(peer)
    })
    awaited.set(peer, late)
    if (network.peer > peer) return
    const answered = greet(peer).finally(() => {
      if (asked.get(peer) === answered) asked.delete(peer)
    })
    asked.set(peer, answered)
  }

  async function greet(peer: PeerIdString): Promise<void> {
    try {
      const answer = await ask(network, peer, HELLO, await greeting(), stopping.signal)
      if (!answer.ok || answer.value.p === undefined) return
      const member = await check(peer, answer.value.p)
      if (!member.ok) return
      bind(peer, member.value)
      if (answer.value.cp !== undefined) gossip.shown(peer, answer.value.cp)
    } catch {
      // The link went away while we spoke, or the other side never answered: the timer above ends what is left of it.
    }
  }

  await serve(network, HELLO, async (from, request) => {
    if (request.p === undefined) return { error: 'not-admitted' }
    const member = await check(from, request.p)
    if (!member.ok) return { error: member.reason }
    bind(from, member.value)
    if (request.cp !== undefined) gossip.shown(from, request.cp)
    return await greeting()
  })

  async function enter(relay: PeerIdString, signal: AbortSignal): Promise<Result<true, Reason>> {
    relays.add(relay)
    expectNothing(relay)
    const answer = await ask(network, relay, HELLO, await greeting(), signal)
    if (!answer.ok) return answer
    if (answer.value.cp !== undefined) gossip.shown(relay, answer.value.cp)
    return good(true)
  }

  const cancels = [
    network.on('connect', meet),
    network.on('disconnect', forget),
    clock.every(RENEWAL, () => {
      for (const relay of relays) {
        // A relay that is away right now is told again when it is back: entering is part of every connection to it.
        enter(relay, stopping.signal).catch(() => undefined)
      }
    }),
  ]

  return {
    members,
    async whose(peer) {
      await asked.get(peer)
      return members.value.get(peer)
    },
    check,
    enter,
    stop() {
      stopping.abort()
      for (const cancel of [...cancels, ...awaited.values()]) cancel()
    },
  }
}
