import type { Membership } from '../../protocol/community/membership.ts'
import type { Envelope, PayloadType } from '../../protocol/envelope.ts'
import { type Signer, signerFromSeed } from '../../protocol/signature.ts'
import { HELLO, PROFILES } from '../../protocol/wire/services.ts'
import { type Acting, createActing } from '../community/acting.ts'
import { chainOfDevice, chainOfRoot, type Placed, sealAct } from '../community/acts.ts'
import { deviceSigner } from '../crypto/device-key.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { MembershipCard } from '../membership-card.ts'
import type { PeerNetwork } from '../network/network.ts'
import type { PeerStart } from '../peer.ts'
import { second } from '../ports/clock.ts'
import { sealPresence } from '../presence.ts'
import { openProfiles, type Profiles } from '../profiles.ts'
import { refusal, relayFailure } from '../refusal.ts'
import { ask } from '../requests.ts'
import type { Site } from '../site.ts'
import type { VisitPorts } from './visit-ports.ts'

/** For all that is asked of a relay on arrival, in milliseconds: a long ledger over a slow link. */
const ARRIVAL = 60_000

/** A member at their relay, for as long as it takes to do something: without rooms, without voices, and nobody else is met. */
export interface Visit {
  readonly card: MembershipCard
  readonly site: Site
  readonly device: Signer
  readonly network: PeerNetwork
  readonly ledger: Ledger
  /** Our copy of the ledger as it is now. */
  readonly state: Membership
  readonly acting: Acting
  readonly profiles: Profiles
  /** Has an act of this device taken, as the next of its chain. @throws PeerError */
  act<T>(kind: PayloadType<T>, say: (place: Placed, state: Membership) => T): Promise<Envelope<T>>
  /** Has an act of the member's root taken, as the next of its chain. @param others who sign beside it. @throws PeerError */
  actAsRoot<T>(
    root: Signer,
    kind: PayloadType<T>,
    say: (place: Placed, state: Membership) => T,
    others?: readonly Signer[],
  ): Promise<Envelope<T>>
  /** Seconds since the Unix epoch. */
  now(): number
  /** Fetches the names that are missing here. @throws PeerError */
  fetchNames(): Promise<void>
  close(): Promise<void>
}

/**
 * Says at the relay who we are, brings our copy of the ledger up to date, sends what was signed and never acknowledged, and leaves the profile where
 * others find it.
 * @throws PeerError
 */
export async function openVisit(ports: VisitPorts, arrived: PeerStart, ending: AbortSignal): Promise<Visit> {
  const { clock, storage, locks, verifier, report } = ports
  const { card, entrance, ledger, sessionSeed } = arrived
  const { network, site } = entrance
  const { community, member } = card
  const device = deviceSigner(card.device)
  const me = { member, device, session: signerFromSeed(sessionSeed) }
  const closing = new AbortController()
  const signal = AbortSignal.any([closing.signal, ending])
  const step = () => AbortSignal.any([signal, AbortSignal.timeout(ARRIVAL)])
  const judging = { verifier, membership: () => ledger.membership.value }

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

  async function arrive(): Promise<Profiles> {
    const entered = await entrance.say(async (relay, entering) => {
      const p = await sealPresence(me, community, second(clock))
      return ask(network, relay, HELLO, { p }, entering)
    })
    if (!entered.ok) throw refusal(entered.reason, entered.at)
    const pulled = await ledger.pull(site.relay, step())
    if (!pulled.ok) throw refusal(pulled.reason, pulled.at)
    await acting.settle()
    const profiles = await openProfiles(judging, network, storage)
    if (card.profile) await profiles.take(card.profile)
    await profiles.forgetErased()
    const own = profiles.held([member])[0]
    const given = own && (await ask(network, site.relay, PROFILES, { put: own }, step()))
    if (given && !given.ok) report('profile', refusal(given.reason, given.at))
    return profiles
  }

  try {
    const profiles = await arrive()
    return {
      card,
      site,
      device,
      network,
      ledger,
      get state() {
        return ledger.membership.value
      },
      acting,
      profiles,
      act: (kind, say) =>
        acting.next(device.publicKey, chainOfDevice(device.publicKey), (state, chain) =>
          sealAct(state, kind, (place) => say(place, state), member, chain, [device], second(clock)),
        ),
      actAsRoot: (root, kind, say, others = []) =>
        acting.next(root.publicKey, chainOfRoot(member), (state, chain) =>
          sealAct(state, kind, (place) => say(place, state), member, chain, [root, ...others], second(clock)),
        ),
      now: () => second(clock),
      async fetchNames() {
        await profiles.fetch(site.relay, step()).catch((cause) => {
          throw relayFailure(cause)
        })
      },
      async close() {
        closing.abort()
        await network.stop()
      },
    }
  } catch (error) {
    closing.abort()
    await network.stop()
    throw relayFailure(error)
  }
}
