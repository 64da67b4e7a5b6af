import type { CommunityId, KeyText, MemberId } from '../../protocol/ids.ts'
import { CALL_SEED_BYTES, sealCall } from '../../protocol/room/call.ts'
import type { RoomState } from '../../protocol/room/state.ts'
import { verifyPresence } from '../../protocol/session.ts'
import { CALL, MAX_LOOKED_FOR } from '../../protocol/wire/private-room.ts'
import type { Judging } from '../gossip/received.ts'
import type { PeerIdString, PeerNetwork } from '../network/network.ts'
import { NetworkError } from '../network/network-error.ts'
import { type Clock, second } from '../ports/clock.ts'
import type { Random } from '../ports/random.ts'
import { ask } from '../requests.ts'

export interface CallerOptions {
  readonly community: CommunityId
  readonly network: Pick<PeerNetwork, 'request' | 'relays'>
  readonly judging: Judging
  readonly random: Random
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly report: (where: string, error: unknown) => void
}

/**
 * Calls into a private room those whom it lets in (PRIVATE-3).
 * @param here sessions that are there already
 */
export type Call = (
  members: readonly MemberId[],
  here: ReadonlySet<KeyText>,
  announcement: Uint8Array,
) => Promise<void>

export function createCaller(options: CallerOptions): Call {
  const { community, network, judging, random, clock, signal, report } = options
  /** Where there are more than are looked for at once, they have their turns. */
  let turn = 0
  /** Relays over which the last round is not done yet. */
  const calling = new Set<PeerIdString>()

  return async (members, here, announcement) => {
    const first = members.length > MAX_LOOKED_FOR ? turn % members.length : 0
    turn = first + MAX_LOOKED_FOR
    const of = [...members.slice(first), ...members.slice(0, first)].slice(0, MAX_LOOKED_FOR)
    if (of.length === 0) return

    async function callAt(relay: PeerIdString): Promise<void> {
      if (calling.has(relay)) return
      calling.add(relay)
      try {
        await callAllAt(relay)
      } finally {
        calling.delete(relay)
      }
    }

    async function callAllAt(relay: PeerIdString): Promise<void> {
      const found = await ask(network, relay, CALL, { of }, signal)
      if (!found.ok) return
      for (const bytes of found.value.here ?? []) {
        const presence = await verifyPresence(judging.verifier, judging.membership(), bytes, second(clock))
        if (!presence.ok) continue
        const { m, peer: to } = presence.value.payload
        if (!of.includes(m) || here.has(to)) continue
        const call = sealCall(community, to, announcement, random.bytes(CALL_SEED_BYTES))
        try {
          await ask(network, relay, CALL, { to, call }, signal)
        } catch (error) {
          // One that is not passed on keeps nobody else from being called, as long as the relay is there.
          if (!(error instanceof NetworkError) || !network.relays().includes(relay)) throw error
        }
      }
    }

    const calls = network.relays().map((relay) =>
      callAt(relay).catch((error: unknown) => {
        if (!signal.aborted) report('call', error)
      }),
    )
    await Promise.all(calls)
  }
}

/** Whom a private room lets in (ROOM-11). */
export function letIn(
  { levels, offers, admitted }: RoomState,
  isOut: (member: MemberId) => boolean,
): readonly MemberId[] {
  return [...new Set([...levels.keys(), ...offers.keys(), ...admitted])].filter((member) => !isOut(member))
}
