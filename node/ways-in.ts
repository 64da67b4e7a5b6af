import { communityOf } from '../protocol/community/genesis.ts'
import { invitationSigner } from '../protocol/community/invite.ts'
import { decodeInvitationCode, type InvitationCode } from '../protocol/community/link.ts'
import type { Invitation } from '../protocol/community/membership.ts'
import type { Policy } from '../protocol/community/policy.ts'
import { peekId, seal } from '../protocol/envelope.ts'
import { tidyName } from '../protocol/identity/profile.ts'
import type { CommunityId, KeyText, StatementId } from '../protocol/ids.ts'
import { MAX_COMMUNITY_NAME_CHARS, MINUTE } from '../protocol/limits.ts'
import { type Reason, SERVICE_REASONS } from '../protocol/reasons.ts'
import type { Result } from '../protocol/result.ts'
import { isLine } from '../protocol/schema.ts'
import { INVITE_PROOF } from '../protocol/session.ts'
import { SEED_BYTES, type Signer, signerFromSeed, type Verifier } from '../protocol/signature.ts'
import { FOUND, HELLO, type HelloAnswer, PROFILES } from '../protocol/wire/services.ts'
import { invitationState } from './community/inviting.ts'
import { dropPendingJoin, readPendingJoin, writePendingJoin } from './community/pending-join.ts'
import { type DeviceKey, deviceSigner } from './crypto/device-key.ts'
import { type Entrance, openEntrance } from './entrance.ts'
import { PeerError, type PeerErrorCode } from './errors.ts'
import { readHidesAddress } from './hidden-address.ts'
import { storedCheckpoint } from './ledger/checkpoints.ts'
import { hasCopy, isGrowing, type Ledger, openLedger, storedLedger } from './ledger/ledger.ts'
import { dropCard, type MembershipCard, readCard, writeCard } from './membership-card.ts'
import type { PeerIdString } from './network/network.ts'
import { keyOf } from './network/peer-id.ts'
import { startPeerNetwork } from './network/peer-network.ts'
import type { PeerStart } from './peer.ts'
import { second } from './ports/clock.ts'
import type { Ports } from './ports.ts'
import { sealPresence } from './presence.ts'
import { readProfile } from './read-profile.ts'
import { refusal, relayFailure } from './refusal.ts'
import { ask, exchange } from './requests.ts'
import { communityView, memberView } from './shown.ts'
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
/** With these an invitation is lost for good. */
const NO_MORE_GOOD: ReadonlySet<PeerErrorCode> = new Set([
  'invitation-used',
  'invitation-void',
  'invitation-expired',
  'invitation-unknown',
  'invitation-not-for-you',
])
/** The name that stands in no ledger, of somebody who only says that a link was used twice. */
const NOBODY = '-'
/** For one step of coming in, in milliseconds: a long ledger on a slow phone. */
const STEP = 30_000
/** How soon a join that the log took is looked for again: a mirror follows the log every two seconds. Milliseconds. */
const LOOK_AGAIN = 2_000

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
  /**
   * Has the ledger say that two people had the link of the invitation that was read last and found to be used. Nobody comes in by that.
   * @throws PeerError `invitation-unknown` when it was not found to be used
   */
  reportLeak(): Promise<void>
}

export interface WaysInDependencies<P> {
  readonly ports: Pick<Ports, 'clock' | 'random' | 'storage' | 'verifier' | 'report' | 'crew'>
  /** Asks the site who serves it. @throws PeerError `relay-unreachable` */
  readonly site: () => Promise<Site>
  /** The English word list of BIP-39; loaded when a phrase is made. */
  readonly words: () => Promise<readonly string[]>
  /** Makes the key of a new device. */
  readonly newKey: () => Promise<DeviceKey>
  readonly start: (arrived: PeerStart) => Promise<P>
  /** From so many entries on, whoever comes in reads the ledger afterwards (LIGHT-1); never when left out. */
  readonly lightFrom?: number
  /** `startPeerNetwork`, when left out. */
  readonly startNetwork?: typeof startPeerNetwork
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

/** An invitation with which somebody came in before. */
interface UsedInvitation {
  readonly invitation: InvitationCode
  readonly invite: StatementId
  readonly site: Site
}

/** Whoever only comes back needs none of what makes an identity. */
const identityParts = () => import('../protocol/identity/root.ts')

/** The ways in to the community of a site, once for each tab or process. */
export function createWaysIn<P>({
  ports,
  site: askSite,
  words,
  newKey,
  start,
  lightFrom = Number.POSITIVE_INFINITY,
  startNetwork = startPeerNetwork,
}: WaysInDependencies<P>): WaysIn<P> {
  const { clock, random, storage, verifier } = ports
  /** Entropy of the phrases that were shown and are not used yet: never stored. */
  const identities = new WeakMap<NewIdentity, Uint8Array>()
  let read: ReadInvitation | undefined
  /** An invitation that somebody used, and of which we hold the link. */
  let used: UsedInvitation | undefined

  async function open(site: Site): Promise<Opened> {
    const sessionSeed = random.bytes(SEED_BYTES)
    const { iceServers } = site
    const hidesAddress = await readHidesAddress(storage)
    const network = await startNetwork({ sessionSeed, iceServers, hidesAddress, report: ports.report })
    return { entrance: openEntrance(network, site), sessionSeed, session: signerFromSeed(sessionSeed) }
  }

  async function identityFrom(entropy: Uint8Array): Promise<NewIdentity> {
    const { phraseOf } = await identityParts()
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

  /** Says the invitation at the door of the relay. @param join what proves that somebody else had it too */
  async function knock(
    { session, entrance }: Opened,
    invitation: InvitationCode,
    relay: PeerIdString,
    signal: AbortSignal,
    join?: Uint8Array,
  ): Promise<HelloAnswer> {
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
    const cp = await storedCheckpoint(invitation.community, storage)
    const shown = { i: proof.bytes, ...(join && { join }), ...(cp && { cp }) }
    const answer = await exchange(entrance.network, relay, HELLO, shown, signal)
    if (!answer.ok) throw refusal(answer.reason, answer.at)
    const { error, invite } = answer.value
    if (error === 'invitation-used' && invite !== undefined)
      used = { invitation, invite, site: entrance.site }
    if (error !== undefined) throw refusal(error)
    return answer.value
  }

  /**
   * Opens our copy of the ledger at a relay that let us in: up to date, or, where that would take long, with what we need of it to begin with.
   * @param card of whom the relay let in, unless that is a newcomer
   * @throws NetworkError
   */
  async function openCopy(
    { entrance: { network, site } }: Opened,
    community: CommunityId,
    { size = 0, invite }: HelloAnswer,
    card?: MembershipCard,
  ): Promise<Result<Ledger, Reason>> {
    const { relay } = site
    const means = { network, verifier, storage, clock }
    const patience = AbortSignal.timeout(STEP)
    const isFar = size >= lightFrom && (card !== undefined || invite !== undefined)
    if (isFar && ((await isGrowing(community, storage)) || !(await hasCopy(community, storage)))) {
      const { crewReader, openGrowing, openGrowingWith } = await import('./ledger/light-start.ts')
      const reader = ports.crew && crewReader(ports.crew, verifier, (error) => ports.report('crew', error))
      const growing = {
        ...means,
        connected: (peer: PeerIdString) => network.connections().some((link) => link.peer === peer),
        ...(reader && { readOn: reader.readOn, rest: reader.close }),
      }
      const light =
        card === undefined
          ? await openGrowingWith(invite as StatementId, community, relay, growing, patience)
          : await openGrowing(community, relay, namesOfCard(card), growing, patience)
      if (light.ok) return light
      ports.report('ledger', refusal(light.reason, light.at))
    }
    return openLedger(community, relay, means, patience)
  }

  /** Shows a card at the door; `undefined` when the relay knows nobody who was made a member by it. */
  async function claim(opened: Opened, card: MembershipCard): Promise<Ledger | undefined> {
    const { network } = opened.entrance
    const ledger = await opened.entrance.say(async (relay, signal) => {
      const me = { ...opened, member: card.member, device: deviceSigner(card.device) }
      const p = await sealPresence(me, card.community, second(clock))
      const cp = await storedCheckpoint(card.community, storage)
      const answer = await ask(network, relay, HELLO, cp ? { p, cp } : { p }, signal)
      if (!answer.ok) return answer
      return openCopy(opened, card.community, answer.value, card)
    })
    if (ledger.ok) return ledger.value
    if (ledger.reason !== 'not-member') throw refusal(ledger.reason, ledger.at)
    return undefined
  }

  /** Forgets somebody who did not become a member: our own copy of the ledger does not have them, whatever a relay says. */
  async function giveUp({ community }: MembershipCard): Promise<void> {
    await dropPendingJoin(storage, community)
    await dropCard(storage, community)
  }

  /** Has a join taken, of which the storage knows; what it says is final only when the ledger will never take it. */
  async function deliver(
    opened: Opened & { readonly ledger: Ledger },
    card: MembershipCard,
    statement: Uint8Array,
  ): Promise<P> {
    const { ledger } = opened
    const { relay } = opened.entrance.site
    const away = (cause: unknown) => {
      throw relayFailure(cause)
    }
    const id = peekId(card.community, statement)
    if (!id.ok) throw new Error(`a join of our own cannot be read: ${id.reason}`)
    const submission = { id: id.value, bytes: statement }
    const taken = await ledger.submit(relay, submission, AbortSignal.timeout(STEP)).catch(away)
    if (!taken.ok) {
      if (!isForNow(taken.reason)) await giveUp(card)
      throw refusal(taken.reason, taken.at)
    }
    // From here on the card is a member's: whatever goes wrong, it is claimed with the next attempt.
    const patience = AbortSignal.timeout(STEP)
    for (;;) {
      const pulled = await ledger.pull(relay, patience).catch(away)
      if (!pulled.ok) throw refusal(pulled.reason, pulled.at)
      if (ledger.membership.value.members.has(card.member)) break
      if (patience.aborted) throw new PeerError('refused')
      // A relay that mirrors the log may not have yet what that took, and does not know us before.
      await new Promise<void>((resolve) => clock.after(LOOK_AGAIN, resolve))
    }
    await dropPendingJoin(storage, card.community)
    return start({ ...opened, card, ledger })
  }

  /** Sends an earlier join again, as it was; `undefined` when there is none, or it never can be taken, and then the card is dropped. */
  async function joinAgain(opened: Opened, card: MembershipCard): Promise<P | undefined> {
    const { community } = card
    const pending = await readPendingJoin(storage, community)
    if (pending === undefined) return undefined
    const invitation = decodeInvitationCode(pending.code)
    if (!invitation.ok) throw new Error(`a stored invitation cannot be read: ${invitation.reason}`)
    try {
      const greeted = await opened.entrance.say((relay, signal) =>
        knock(opened, invitation.value, relay, signal),
      )
      const ledger = await openCopy(opened, community, greeted)
      if (!ledger.ok) throw refusal(ledger.reason, ledger.at)
      return await deliver({ ...opened, ledger: ledger.value }, card, pending.statement)
    } catch (error) {
      if (!(error instanceof PeerError) || !NO_MORE_GOOD.has(error.code)) throw error
    }
    await giveUp(card)
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
      const greeted = await opened.entrance.say((relay, signal) =>
        knock(opened, invitation.value, relay, signal),
      )
      const ledger = await openCopy(opened, community, greeted)
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
      const isRead = lightFrom === Number.POSITIVE_INFINITY || !(await isGrowing(card.community, storage))
      const means = { network, verifier, storage, clock }
      const stored = isRead ? await storedLedger(card.community, means) : undefined
      // A device whose join was stored here and never acknowledged finds out now whether it was taken.
      const known = stored?.membership.value.members.has(card.member) === true
      const ledger = known ? stored : await claim(opened, card)
      if (ledger) return arrived(opened, card, ledger)
      const joined = await joinAgain(opened, card)
      if (joined) return joined
      await network.stop()
      return undefined
    })
  }

  async function arrived(opened: Opened, card: MembershipCard, ledger: Ledger): Promise<P> {
    await dropPendingJoin(storage, card.community)
    return start({ ...opened, card, ledger })
  }

  /**
   * A join whose answer was lost may have been taken, or be taken yet: it is claimed, and sent again, before another is made, which would be
   * refused and would leave the member without their key. With another phrase than then it is another person who comes.
   */
  async function claimEarlier(opened: ReadInvitation, root: KeyText): Promise<P | undefined> {
    const { entrance, invitation } = opened
    const card = await readCard(storage, invitation.community)
    if (!card) return undefined
    const ledger = await claim(opened, card)
    if (ledger) return arrived(opened, card, ledger)
    // Our own copy knows better than a relay that says otherwise.
    if (opened.ledger.membership.value.members.has(card.member)) throw new PeerError('not-member')
    const pending = await readPendingJoin(storage, invitation.community)
    if (pending?.root !== root) await giveUp(card)
    else {
      const joined = await joinAgain(opened, card)
      if (joined) return joined
    }
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
      const { ENTROPY_BYTES } = await identityParts()
      return identityFrom(random.bytes(ENTROPY_BYTES))
    },

    async knownIdentity(typed) {
      const { entropyOf } = await identityParts()
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
        const [{ rootSigner }, { sealGenesis }, { enrol }] = await Promise.all([
          identityParts(),
          import('./community/founding.ts'),
          import('./community/enrolment.ts'),
        ])
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
        if (!ledger) {
          await dropCard(storage, id)
          throw new PeerError('already-founded')
        }
        return start({ ...opened, card, ledger })
      })
    },

    async readInvitation(code) {
      await read?.entrance.network.stop()
      read = undefined
      used = undefined
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
      return invitationView(verifier, ledger, invitation, profile)
    },

    async join({ code, name: typedName, identity }) {
      const name = tidyName(typedName)
      if (name === undefined) throw new PeerError('name-invalid')
      if (read?.code !== code) read = await readFresh(code)
      const { invitation, invite, ledger } = read
      const { community } = invitation
      const { nonce } = ledger.membership.value.genesis.payload
      const opened = read
      const { rootSigner } = await identityParts()
      const root = rootSigner(entropyBehind(identity), nonce)
      const earlier = await claimEarlier(opened, root.publicKey)
      if (earlier) {
        read = undefined
        return earlier
      }
      const { enrol, sealJoin } = await import('./community/enrolment.ts')
      const key = await newKey()
      const device = deviceSigner(key)
      const enrolment = await enrol(community, root, device, name, second(clock), random)
      const oneTime = invitationSigner(invitation.seed, community)
      const join = await sealJoin(community, enrolment, invite, device, oneTime, second(clock))
      const card = { community, member: enrolment.member, device: key, profile: enrolment.profile.bytes }
      // Before the relay hears of it: an answer that is lost must not leave a member without their key.
      await writeCard(storage, card)
      await writePendingJoin(storage, community, { statement: join.bytes, code, root: root.publicKey })
      const peer = await deliver(opened, card, join.bytes)
      read = undefined
      return peer
    },

    async reportLeak() {
      if (used === undefined) throw new PeerError('invitation-unknown')
      const { invitation, invite, site } = used
      const { community } = invitation
      const { enrol, sealJoin } = await import('./community/enrolment.ts')
      // Somebody who will never be: the proof is in the invitation's signature, and says nothing of who gives it.
      const [root, device] = [
        signerFromSeed(random.bytes(SEED_BYTES)),
        signerFromSeed(random.bytes(SEED_BYTES)),
      ]
      const enrolment = await enrol(community, root, device, NOBODY, second(clock), random)
      const oneTime = invitationSigner(invitation.seed, community)
      const join = await sealJoin(community, enrolment, invite, device, oneTime, second(clock))
      const { entrance, ...opened } = await open(site)
      try {
        await entrance.say((relay, signal) =>
          knock({ entrance, ...opened }, invitation, relay, signal, join.bytes),
        )
      } catch (error) {
        // What was true before is still, and was said for this.
        if (!(error instanceof PeerError) || error.code !== 'invitation-used') throw relayFailure(error)
      } finally {
        await entrance.network.stop()
      }
    },
  }
}

/** What the state has of somebody. */
function namesOfCard({ member, device }: MembershipCard) {
  return [
    { kind: 'member', name: member },
    { kind: 'device', name: deviceSigner(device).publicKey },
  ] as const
}

/** Whether a relay that refuses for this reason may take the same statement another time. */
function isForNow(reason: Reason): boolean {
  return (SERVICE_REASONS as readonly Reason[]).includes(reason)
}

async function invitationView(
  verifier: Verifier,
  ledger: Ledger,
  invitation: Invitation,
  profile: Uint8Array | undefined,
): Promise<InvitationView> {
  const membership = () => ledger.membership.value
  const sponsor = membership().members.get(invitation.sponsor)
  if (!sponsor) throw new PeerError('invitation-unknown')
  const read =
    profile && (await readProfile({ verifier, membership, meet: (who) => ledger.meet(who) }, profile))
  const name = read?.ok && read.value.payload.m === sponsor.id ? read.value.payload.name : undefined
  const { exp } = invitation
  return {
    community: communityView(membership(), ledger.reading.value === undefined),
    sponsor: memberView(sponsor, name),
    expires: exp === undefined ? undefined : exp * 1000,
  }
}
