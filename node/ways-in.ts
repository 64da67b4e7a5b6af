import { communityOf } from '../protocol/community/genesis.ts'
import { invitationSigner } from '../protocol/community/invite.ts'
import { decodeInvitationCode, type InvitationCode } from '../protocol/community/link.ts'
import type { Invitation, Membership } from '../protocol/community/membership.ts'
import type { Policy } from '../protocol/community/policy.ts'
import { seal } from '../protocol/envelope.ts'
import { tidyName } from '../protocol/identity/profile.ts'
import { ENTROPY_BYTES, entropyOf, phraseOf, rootSigner } from '../protocol/identity/root.ts'
import type { CommunityId, StatementId } from '../protocol/ids.ts'
import { MAX_COMMUNITY_NAME_CHARS, MINUTE } from '../protocol/limits.ts'
import { isLine } from '../protocol/schema.ts'
import { INVITE_PROOF } from '../protocol/session.ts'
import { SEED_BYTES, type Signer, signerFromSeed, type Verifier } from '../protocol/signature.ts'
import { FOUND, HELLO, PROFILES } from '../protocol/wire/services.ts'
import { enrol, sealJoin } from './community/enrolment.ts'
import { sealGenesis } from './community/founding.ts'
import { invitationState } from './community/inviting.ts'
import { type DeviceKey, deviceSigner } from './crypto/device-key.ts'
import { type Entrance, openEntrance } from './entrance.ts'
import { PeerError } from './errors.ts'
import { sealPresence } from './greetings.ts'
import { type Ledger, openLedger, storedLedger } from './ledger/ledger.ts'
import { dropCard, type MembershipCard, readCard, writeCard } from './membership-card.ts'
import type { PeerIdString } from './network/network.ts'
import { keyOf } from './network/peer-id.ts'
import { startPeerNetwork } from './network/peer-network.ts'
import { communityView, memberView, type PeerStart } from './peer.ts'
import { second } from './ports/clock.ts'
import type { Ports } from './ports.ts'
import { readProfile } from './profiles.ts'
import { refusal, relayFailure } from './refusal.ts'
import { ask } from './requests.ts'
import type { Site } from './site.ts'
import type { InvitationView, NewIdentity } from './view.ts'

/** How long a proof of an invitation holds: as long as somebody takes to choose a name and save a phrase. Seconds. */
const PROOF_LIFETIME = 10 * MINUTE
/** What somebody is told who holds an invitation that lets nobody in. */
const WHY_NOT = {
  good: 'invitation-unknown',
  unknown: 'invitation-unknown',
  used: 'invitation-used',
  void: 'invitation-void',
  expired: 'invitation-expired',
} as const
/** For one step of coming in, in milliseconds: a long ledger on a slow phone. */
const STEP = 30_000

/** What founds a community. `token` is the one-time token of the founding link; `policy` the default one where it is left out. */
export interface Founding {
  readonly token: string
  readonly community: string
  readonly name: string
  readonly identity: NewIdentity
  readonly policy?: Policy
}

/**
 * What this device already is at a site, and the ways in, each of which leads to a `P`. All failures throw `PeerError` with a stable code
 * (a closed union, `PeerErrorCode`), for which every language has a sentence.
 */
export interface WaysIn<P> {
  /** What stands on this site: nothing founded yet, or a community. */
  site(): Promise<{ readonly founded: boolean }>
  /** The member of whom a device is held here already, if any. */
  resume(): Promise<P | undefined>
  newIdentity(): Promise<NewIdentity>
  /** The identity of a phrase that a person typed. @throws PeerError `phrase-wrong` */
  knownIdentity(phrase: string): Promise<NewIdentity>
  /** Founds the community on the relay that serves this site. */
  found(founding: Founding): Promise<P>
  readInvitation(code: string): Promise<InvitationView>
  join(joining: { code: string; name: string; identity: NewIdentity }): Promise<P>
}

export interface WaysInDependencies<P> {
  readonly ports: Pick<Ports, 'clock' | 'random' | 'storage' | 'verifier' | 'report'>
  /** Asks the site who serves it. @throws PeerError `relay-unreachable` */
  readonly site: () => Promise<Site>
  /** The English word list of BIP-39; loaded when a phrase is made. */
  readonly words: () => Promise<readonly string[]>
  /** Makes the key of a new device. */
  readonly newKey: () => Promise<DeviceKey>
  readonly start: (arrived: PeerStart) => Promise<P>
}

/** An entrance and the session key that its network runs with. */
interface Opened {
  readonly entrance: Entrance
  readonly sessionSeed: Uint8Array
  readonly session: Signer
}

/** What reading an invitation leaves behind for joining with it. */
interface ReadInvitation extends Opened {
  readonly code: string
  readonly invitation: InvitationCode
  readonly invite: StatementId
  readonly ledger: Ledger
}

/** The ways in to the community of a site, once for each tab or process. */
export function createWaysIn<P>({
  ports,
  site: askSite,
  words,
  newKey,
  start,
}: WaysInDependencies<P>): WaysIn<P> {
  const { clock, random, storage, verifier } = ports
  /** Entropy of the phrases that were shown and are not used yet: never stored. */
  const identities = new WeakMap<NewIdentity, Uint8Array>()
  let read: ReadInvitation | undefined

  async function open(site: Site): Promise<Opened> {
    const sessionSeed = random.bytes(SEED_BYTES)
    const { iceServers } = site
    const network = await startPeerNetwork({ sessionSeed, iceServers, report: ports.report })
    return { entrance: openEntrance(network, site), sessionSeed, session: signerFromSeed(sessionSeed) }
  }

  async function identityFrom(entropy: Uint8Array): Promise<NewIdentity> {
    const identity: NewIdentity = { phrase: phraseOf(entropy, await words()) }
    identities.set(identity, entropy)
    return identity
  }

  function entropyBehind(identity: NewIdentity): Uint8Array {
    const entropy = identities.get(identity)
    if (!entropy) throw new TypeError('an identity comes from newIdentity or knownIdentity')
    return entropy
  }

  /** Runs what needs the opened network, and closes it when that fails. */
  async function guarded<T>({ entrance }: Opened, action: () => Promise<T>): Promise<T> {
    try {
      return await action()
    } catch (error) {
      await entrance.network.stop()
      throw relayFailure(error)
    }
  }

  /** Says the invitation at the door of the relay. */
  async function knock(
    { session, entrance }: Opened,
    invitation: InvitationCode,
    relay: PeerIdString,
    signal: AbortSignal,
  ): Promise<void> {
    const signer = invitationSigner(invitation.seed, invitation.community)
    const relayKey = keyOf(relay)
    if (relayKey === undefined) throw new PeerError('internal')
    const at = second(clock)
    const proof = await seal(
      INVITE_PROOF,
      invitation.community,
      { key: signer.publicKey, peer: session.publicKey, relay: relayKey, at, exp: at + PROOF_LIFETIME },
      [signer],
    )
    const answer = await ask(entrance.network, relay, HELLO, { i: proof.bytes }, signal)
    if (!answer.ok) throw refusal(answer.reason, answer.at)
  }

  /** Shows a card at the door; `undefined` when nobody was made a member by it, and then the card is dropped. */
  async function claim(opened: Opened, card: MembershipCard): Promise<Ledger | undefined> {
    const { network } = opened.entrance
    const ledger = await opened.entrance.say(async (relay, signal) => {
      const me = { ...opened, member: card.member, device: deviceSigner(card.device) }
      const p = await sealPresence(me, card.community, second(clock))
      const answer = await ask(network, relay, HELLO, { p }, signal)
      if (!answer.ok) return answer
      return openLedger(
        card.community,
        relay,
        { network, verifier, storage, clock },
        AbortSignal.timeout(STEP),
      )
    })
    if (ledger.ok) return ledger.value
    if (ledger.reason !== 'not-member') throw refusal(ledger.reason, ledger.at)
    await dropCard(storage, card.community)
    return undefined
  }

  async function readFresh(code: string): Promise<ReadInvitation> {
    const invitation = decodeInvitationCode(code)
    if (!invitation.ok) throw refusal(invitation.reason)
    const site = await askSite()
    if (site.community === undefined) throw new PeerError('not-founded')
    const { community } = invitation.value
    if (site.community !== community) throw new PeerError('invitation-foreign')
    const opened = await open(site)
    return guarded(opened, async () => {
      const { network } = opened.entrance
      await opened.entrance.say((relay, signal) => knock(opened, invitation.value, relay, signal))
      const ledger = await openLedger(
        community,
        site.relay,
        { network, verifier, storage, clock },
        AbortSignal.timeout(STEP),
      )
      if (!ledger.ok) throw refusal(ledger.reason, ledger.at)
      const { publicKey } = invitationSigner(invitation.value.seed, community)
      const invite = ledger.value.membership.value.invitationKeys.get(publicKey)
      if (invite === undefined) throw new PeerError('invitation-unknown')
      return { ...opened, code, invitation: invitation.value, invite, ledger: ledger.value }
    })
  }

  async function resume(site: Site): Promise<P | undefined> {
    if (site.community === undefined) return undefined
    const card = await readCard(storage, site.community)
    if (!card) return undefined
    const opened = await open(site)
    return guarded(opened, async () => {
      const { network } = opened.entrance
      const stored = await storedLedger(card.community, { network, verifier, storage, clock })
      // A device whose join was stored here and never acknowledged finds out now whether it was taken.
      const known = stored?.membership.value.members.has(card.member) === true
      const ledger = known ? stored : await claim(opened, card)
      if (ledger) return start({ ...opened, card, ledger })
      await network.stop()
      return undefined
    })
  }

  /** A join whose answer was lost may have been taken: it is claimed before another is tried, which would be refused and would leave the member without their key. */
  async function claimEarlier(opened: ReadInvitation): Promise<P | undefined> {
    const { entrance, invitation } = opened
    const card = await readCard(storage, invitation.community)
    if (!card) return undefined
    const ledger = await claim(opened, card)
    if (ledger) return start({ ...opened, card, ledger })
    await entrance.say((relay, signal) => knock(opened, invitation, relay, signal))
    return undefined
  }

  return {
    async site() {
      return { founded: (await askSite()).community !== undefined }
    },

    async resume() {
      return resume(await askSite())
    },

    async newIdentity() {
      return identityFrom(random.bytes(ENTROPY_BYTES))
    },

    async knownIdentity(typed) {
      const entropy = entropyOf(typed, await words())
      if (entropy === undefined) throw new PeerError('phrase-wrong')
      return identityFrom(entropy)
    },

    async found({ token, community: typed, name: typedName, identity, policy }: Founding) {
      const community = typed.normalize('NFC').replace(/\s+/g, ' ').trim()
      const name = tidyName(typedName)
      if (name === undefined || !isLine(community, MAX_COMMUNITY_NAME_CHARS))
        throw new PeerError('name-invalid')
      const site = await askSite()
      // Perhaps by ourselves, with an answer that was lost.
      const founded = await resume(site)
      if (founded) return founded
      if (site.community !== undefined) throw new PeerError('already-founded')
      const opened = await open(site)
      const { entrance } = opened
      return guarded(opened, async () => {
        const nonce = random.bytes(32)
        const root = rootSigner(entropyBehind(identity), nonce)
        const genesis = await sealGenesis(community, nonce, root, site.logKey, second(clock), policy)
        const id: CommunityId = communityOf(genesis)
        const key = await newKey()
        const device = deviceSigner(key)
        const enrolment = await enrol(id, root, device, name, second(clock), random)
        const card = {
          community: id,
          member: enrolment.member,
          device: key,
          profile: enrolment.profile.bytes,
        }
        // Before the relay hears of it: an answer that is lost must not leave a community without its founder.
        await writeCard(storage, card)
        await entrance.say(async (relay, signal) => {
          const request = {
            token,
            genesis: genesis.bytes,
            identity: enrolment.identity.bytes,
            device: enrolment.device.bytes,
            profile: enrolment.profile.bytes,
          }
          const founded = await ask(entrance.network, relay, FOUND, request, signal)
          // Already founded may be by ourselves, with an answer that was lost; claiming tells.
          if (founded.ok || founded.reason === 'already-founded') return
          await dropCard(storage, id)
          throw refusal(founded.reason, founded.at)
        })
        const ledger = await claim(opened, card)
        if (!ledger) throw new PeerError('already-founded')
        return start({ ...opened, card, ledger })
      })
    },

    async readInvitation(code) {
      await read?.entrance.network.stop()
      read = undefined
      read = await readFresh(code)
      const { ledger, invite, entrance } = read
      const membership = ledger.membership.value
      const standing = invitationState(membership, invite, second(clock))
      const invitation = membership.invitations.get(invite)
      if (standing !== 'good' || !invitation) {
        await entrance.network.stop()
        read = undefined
        throw new PeerError(WHY_NOT[standing])
      }
      const { sponsor: get } = invitation
      const asked = await ask(
        entrance.network,
        entrance.site.relay,
        PROFILES,
        { get: [get] },
        AbortSignal.timeout(STEP),
      )
      const profile = asked.ok ? asked.value.profiles?.[0] : undefined
      return invitationView(verifier, membership, invitation, profile)
    },

    async join({ code, name: typedName, identity }) {
      const name = tidyName(typedName)
      if (name === undefined) throw new PeerError('name-invalid')
      if (read?.code !== code) read = await readFresh(code)
      const { invitation, invite, ledger, entrance } = read
      const { community } = invitation
      const { nonce } = ledger.membership.value.genesis.payload
      const opened = read
      const earlier = await claimEarlier(opened)
      if (earlier) {
        read = undefined
        return earlier
      }
      const key = await newKey()
      const device = deviceSigner(key)
      const root = rootSigner(entropyBehind(identity), nonce)
      const enrolment = await enrol(community, root, device, name, second(clock), random)
      const oneTime = invitationSigner(invitation.seed, community)
      const join = await sealJoin(community, enrolment, invite, device, oneTime, second(clock))
      const card = { community, member: enrolment.member, device: key, profile: enrolment.profile.bytes }
      // Before the relay hears of it: an answer that is lost must not leave a member without their key.
      await writeCard(storage, card)
      const away = (cause: unknown) => {
        throw relayFailure(cause)
      }
      const { relay } = entrance.site
      const taken = await ledger.submit(relay, join, AbortSignal.timeout(STEP)).catch(away)
      if (!taken.ok) {
        await dropCard(storage, community)
        throw refusal(taken.reason, taken.at)
      }
      // From here on the card is a member's: whatever goes wrong, it is claimed with the next attempt.
      const pulled = await ledger.pull(relay, AbortSignal.timeout(STEP)).catch(away)
      if (!pulled.ok) throw refusal(pulled.reason, pulled.at)
      if (!ledger.membership.value.members.has(card.member)) throw new PeerError('refused')
      read = undefined
      return start({ ...opened, card, ledger })
    },
  }
}

async function invitationView(
  verifier: Verifier,
  membership: Membership,
  invitation: Invitation,
  profile: Uint8Array | undefined,
): Promise<InvitationView> {
  const sponsor = membership.members.get(invitation.sponsor)
  if (!sponsor) throw new PeerError('invitation-unknown')
  const read = profile && (await readProfile({ verifier, membership: () => membership }, profile))
  const name = read?.ok && read.value.payload.m === sponsor.id ? read.value.payload.name : undefined
  const { exp } = invitation
  return {
    community: communityView(membership),
    sponsor: memberView(sponsor, name),
    expires: exp === undefined ? undefined : exp * 1000,
  }
}
