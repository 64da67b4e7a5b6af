import { CLAIM } from '../../protocol/community/attest.ts'
import { BAN, NOTICE, UNBAN } from '../../protocol/community/ban.ts'
import { CERTIFY } from '../../protocol/community/certify.ts'
import { INVITE_VOID } from '../../protocol/community/invite-void.ts'
import { ERASE, LEAVE } from '../../protocol/community/leave.ts'
import type { Chain, Member, Membership } from '../../protocol/community/membership.ts'
import { REPUDIATE } from '../../protocol/community/repudiate.ts'
import { VOUCH } from '../../protocol/community/vouch.ts'
import { type Envelope, open, type PayloadType, seal } from '../../protocol/envelope.ts'
import { PROFILE } from '../../protocol/identity/profile.ts'
import { entropyOf, rootSigner } from '../../protocol/identity/root.ts'
import type { KeyText, MemberId, StatementId } from '../../protocol/ids.ts'
import type { Signer } from '../../protocol/signature.ts'
import { toLedgerTime } from '../../protocol/time.ts'
import type { Acting } from '../community/acting.ts'
import { PeerError } from '../errors.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { Observed } from '../observed.ts'
import { type Clock, second } from '../ports/clock.ts'
import type { Storage } from '../ports/storage.ts'
import type { Profiles } from '../profiles.ts'
import type { People } from '../view.ts'
import { DecisionFeed } from './decision-feed.ts'
import { invitationsView, refsForClaim } from './invitations.ts'
import { noticesFor } from './notices.ts'
import { ownData } from './own.ts'
import { personPage } from './page.ts'
import { personViews } from './persons.ts'
import { verifyLedger } from './verify.ts'
import type { InvitationsView, NoticeView, PersonView } from './view.ts'

/** What time alone changes (slots, points, notices) goes by the minute. Milliseconds. */
const REDRAW_EVERY = 60_000

export interface PeopleParts {
  readonly me: { readonly member: MemberId; readonly device: Signer }
  readonly ledger: Ledger
  readonly profiles: Profiles
  readonly acting: Acting
  readonly storage: Storage
  readonly clock: Clock
  /** The links of the invitations that this device made. */
  readonly links: ReadonlyMap<KeyText, string>
  /** Of the site, whose relay keeps the log. */
  readonly origin: string
  readonly report: (where: string, error: unknown) => void
  /** Ends the drawing. */
  readonly signal: AbortSignal
}

/** The people of a community for one of them: what the ledger says, drawn anew as it grows, and the acts of a member. */
export function openPeople(parts: PeopleParts): People {
  const { me, ledger, profiles, acting, storage, clock, links, origin, report, signal } = parts
  const { member } = me
  const state = () => ledger.membership.value
  const now = () => second(clock)
  const at = () => toLedgerTime(now())

  const all = new Observed<readonly PersonView[]>([])
  const invitations = new Observed<InvitationsView>(invitationsView(state(), member, links, now()))
  const notices = new Observed<readonly NoticeView[]>([])
  const decisions = new DecisionFeed(ledger, (error) => report('decisions', error))

  function drawPersons(): void {
    all.set(personViews(state(), profiles.names.value, member))
  }
  function drawMine(): void {
    invitations.set(invitationsView(state(), member, links, now()))
    notices.set(noticesFor(state(), member, now()))
  }
  const cancels = [
    ledger.membership.subscribe(() => {
      drawPersons()
      drawMine()
    }),
    profiles.names.subscribe(drawPersons),
    clock.every(REDRAW_EVERY, drawMine),
    () => decisions.stop(),
  ]
  signal.addEventListener('abort', () => {
    for (const cancel of cancels) cancel()
  })
  drawPersons()
  drawMine()

  /** A statement of this device, with its place in the device's chain. */
  async function act<T>(
    kind: PayloadType<T>,
    payload: (place: Place, membership: Membership) => T,
  ): Promise<void> {
    await acting.next(
      me.device.publicKey,
      (membership) => membership.devices.get(me.device.publicKey)?.chain,
      (membership, chain) =>
        seal(kind, membership.community, payload(placeIn(chain), membership), [me.device]),
    )
    drawMine()
  }

  /** What every statement of a member's chain says of its place. */
  interface Place {
    readonly m: MemberId
    readonly n: number
    readonly prev: StatementId
    readonly at: number
  }
  function placeIn({ next, last }: Chain): Place {
    return { m: member, n: next, prev: last, at: at() }
  }

  /** The root behind a phrase that was typed. @throws PeerError `phrase-wrong` unless `isRight` knows it */
  async function signerOf(phrase: string, isRight: (root: KeyText) => boolean): Promise<Signer> {
    const { wordlist } = await import('@scure/bip39/wordlists/english.js')
    const entropy = entropyOf(phrase, wordlist)
    if (entropy === undefined) throw new PeerError('phrase-wrong')
    const signer = rootSigner(entropy, state().genesis.payload.nonce)
    if (!isRight(signer.publicKey)) throw new PeerError('phrase-wrong')
    return signer
  }

  /** A statement of a council that needs one key only, which is this person's. */
  async function decide<T>(
    phrase: string,
    make: (membership: Membership, signer: Signer) => Promise<Envelope<T>>,
  ): Promise<void> {
    const signer = await signerOf(phrase, (root) => state().council.keys.includes(root))
    await acting.once((membership) => make(membership, signer))
  }

  return {
    all,
    invitations,
    decisions,
    notices,
    page(id) {
      const person = all.value.find((one) => one.id === id)
      return person && personPage(state(), person, member, decisions.value ?? [], now())
    },
    withdraw: (invite) => act(INVITE_VOID, (place) => ({ ...place, invite })),
    undo: (invite) => act(REPUDIATE, (place) => ({ ...place, invite })),
    claim: () =>
      act(CLAIM, (place, membership) => {
        const refs = refsForClaim(membership, membership.members.get(member) as Member)
        if (refs === undefined) throw new PeerError('claim-short')
        return { ...place, refs }
      }),
    vouch: (target) => act(VOUCH, (place) => ({ ...place, for: target })),
    certify: (target, on) => act(CERTIFY, (place) => ({ ...place, for: target, on })),
    notice: (target, why, phrase) =>
      decide(phrase, ({ community, council }, signer) =>
        seal(NOTICE, community, { v: council.v, m: target, why, at: at() }, [signer]),
      ),
    ban: (target, why, cut, phrase) =>
      decide(phrase, ({ community, council }, signer) => {
        // From the first entry on: all of the branch.
        const branch = cut ? { cut: 0 } : {}
        return seal(BAN, community, { v: council.v, m: target, why, at: at(), ...branch }, [signer])
      }),
    unban: (target, phrase) =>
      decide(phrase, ({ community, council, members }, signer) => {
        const ban = members.get(target)?.by
        if (ban === undefined) throw new PeerError('already-done')
        return seal(UNBAN, community, { v: council.v, ban, at: at() }, [signer])
      }),
    async leave(phrase) {
      const root = () => state().members.get(member)?.root
      const signer = await signerOf(phrase, (key) => key === root())
      await acting.next(
        signer.publicKey,
        ({ members }) => members.get(member)?.chain,
        ({ community }, chain) => seal(LEAVE, community, placeIn(chain), [signer]),
      )
    },
    erase: () => act(ERASE, (place) => place),
    verify: (progress, stop) => verifyLedger(origin, state().community, progress, stop),
    async exportOwn() {
      const held = profiles.held([member])[0]
      const profile = held && open(PROFILE, state().community, held)
      const own = await ownData(ledger, member, profile?.ok ? profile.value.payload : undefined, storage)
      return `${JSON.stringify(own, undefined, 2)}\n`
    },
  }
}
