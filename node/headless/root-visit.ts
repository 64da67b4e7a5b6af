import type { Membership } from '../../protocol/community/membership.ts'
import type { Envelope, PayloadType } from '../../protocol/envelope.ts'
import type { CommunityId, MemberId } from '../../protocol/ids.ts'
import { SEED_BYTES, type Signer, signerFromSeed } from '../../protocol/signature.ts'
import { HELLO, PROFILES } from '../../protocol/wire/services.ts'
import { createActing } from '../community/acting.ts'
import { chainOfRoot, type Placed, sealAct } from '../community/acts.ts'
import { openEntrance } from '../entrance.ts'
import { PeerError } from '../errors.ts'
import { type Ledger, openLedger } from '../ledger/ledger.ts'
import { startPeerNetwork } from '../network/peer-network.ts'
import { second } from '../ports/clock.ts'
import { sealPresence } from '../presence.ts'
import { refusal, relayFailure } from '../refusal.ts'
import { ask } from '../requests.ts'
import type { Site } from '../site.ts'
import type { VisitPorts } from './visit-ports.ts'

/** For all that is asked of a relay, in milliseconds: a long ledger over a slow link. */
const ARRIVAL = 60_000

/** A member's root at their relay (SPEC §5.5): whoever lost every device, or is in good standing no longer, comes so. */
export interface RootVisit {
  readonly member: MemberId
  /** Our copy of the ledger as it is now. */
  readonly state: Membership
  /** Has an act of the root taken, as the next of its chain. @param others who sign beside it. @throws PeerError */
  act<T>(kind: PayloadType<T>, say: (place: Placed) => T, others?: readonly Signer[]): Promise<Envelope<T>>
  /** Sends again what was signed and never acknowledged. @throws PeerError */
  settle(): Promise<void>
  /** The member's own profile as it was signed, where the relay holds it. @throws PeerError */
  profile(): Promise<Uint8Array | undefined>
  close(): Promise<void>
}

/**
 * @param member whose root in force it is
 * @throws PeerError
 */
export async function openRootVisit(
  ports: VisitPorts,
  site: Site,
  member: MemberId,
  root: Signer,
  ending: AbortSignal,
): Promise<RootVisit> {
  const { clock, random, storage, locks, verifier, report } = ports
  const { community, iceServers } = site
  if (community === undefined) throw new PeerError('not-founded')
  const sessionSeed = random.bytes(SEED_BYTES)
  const network = await startPeerNetwork({ sessionSeed, iceServers, report })
  const closing = new AbortController()
  const signal = AbortSignal.any([closing.signal, ending])
  const step = () => AbortSignal.any([signal, AbortSignal.timeout(ARRIVAL)])
  async function close(): Promise<void> {
    closing.abort()
    await network.stop()
  }

  async function arrive(community: CommunityId): Promise<Ledger> {
    const me = { member, device: root, session: signerFromSeed(sessionSeed) }
    const ledger = await openEntrance(network, site).say(async (relay, entering) => {
      const p = await sealPresence(me, community, second(clock))
      const entered = await ask(network, relay, HELLO, { p }, entering)
      if (!entered.ok) return entered
      return openLedger(community, relay, { network, verifier, storage, clock }, step())
    })
    if (!ledger.ok) throw refusal(ledger.reason, ledger.at)
    return ledger.value
  }

  try {
    const ledger = await arrive(community)
    const acting = createActing({
      community,
      ledger,
      verifier,
      storage,
      locks,
      clock,
      relay: site.relay,
      connected: () => network.connections().some(({ peer }) => peer === site.relay),
      signal,
    })
    return {
      member,
      get state() {
        return ledger.membership.value
      },
      act: (kind, say, others = []) =>
        acting.next(root.publicKey, chainOfRoot(member), (state, chain) =>
          sealAct(state, kind, say, member, chain, [root, ...others], second(clock)),
        ),
      settle: () => acting.settle(),
      async profile() {
        const answer = await ask(network, site.relay, PROFILES, { get: [member] }, step()).catch((cause) => {
          throw relayFailure(cause)
        })
        if (!answer.ok) throw refusal(answer.reason, answer.at)
        return answer.value.profiles?.[0]
      },
      close,
    }
  } catch (error) {
    await close()
    throw relayFailure(error)
  }
}
