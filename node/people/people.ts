import { CLAIM } from '../../protocol/community/attest.ts'
import { CERTIFY } from '../../protocol/community/certify.ts'
import { INVITE_VOID } from '../../protocol/community/invite-void.ts'
import { ERASE, LEAVE } from '../../protocol/community/leave.ts'
import type { Chain, Member, Membership } from '../../protocol/community/membership.ts'
import { REPUDIATE } from '../../protocol/community/repudiate.ts'
import { VOUCH } from '../../protocol/community/vouch.ts'
import { open, type PayloadType, seal } from '../../protocol/envelope.ts'
import { PROFILE } from '../../protocol/identity/profile.ts'
import { entropyOf, rootSigner } from '../../protocol/identity/root.ts'
import type { Id, KeyText, MemberId, StatementId } from '../../protocol/ids.ts'
import type { Signer } from '../../protocol/signature.ts'
import { toLedgerTime } from '../../protocol/time.ts'
import type { Acting } from '../community/acting.ts'
import { PeerError, type PeerErrorCode } from '../errors.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { type Observable, Observed } from '../observed.ts'
import { second } from '../ports/clock.ts'
import type { Ports } from '../ports.ts'
import type { Profiles } from '../profiles.ts'
import type { Site } from '../site.ts'
import type { People } from '../view.ts'
import { openDesk } from './council.ts'
import { decisionsIn } from './decisions.ts'
import { EntryFeed } from './entry-feed.ts'
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
  readonly ports: Ports
  /** Whose relay keeps the log. */
  readonly site: Site
  /** Why the relay does not let this device in. */
  readonly refused: Observable<PeerErrorCode | undefined>
  /** The links of the invitations that this device made. */
  readonly links: ReadonlyMap<KeyText, string>
  /** Ends the drawing. */
  readonly signal: AbortSignal
}

/** The people of a community for one of them: what the ledger says, drawn anew as it grows, and the acts of a member. */
export async function openPeople(parts: PeopleParts): Promise<People> {
  const { me, ledger, profiles, acting, ports, site, links, signal } = parts
  const { storage, clock, report } = ports
  const { member } = me
  const state = () => ledger.membership.value
  const now = () => second(clock)
  const at = () => toLedgerTime(now())

  const all = new Observed<readonly PersonView[]>([])
  const invitations = new Observed<InvitationsView>(invitationsView(state(), member, links, now()))
  const notices = new Observed<readonly NoticeView[]>([])
  const provisional = new Observed(provisionalIn(state(), ledger.finalSize.value))
  const decisions = new EntryFeed(ledger, decisionsIn, (error) => report('decisions', error))
  const desk = await openDesk(parts)

  function drawPersons(): void {
    all.set(personViews(state(), profiles.names.value, member))
  }
  function drawMine(): void {
    invitations.set(invitationsView(state(), member, links, now()))
    notices.set(noticesFor(state(), member, now()))
  }
  const drawProvisional = () => provisional.set(provisionalIn(state(), ledger.finalSize.value))
  const cancels = [
    ledger.finalSize.subscribe(drawProvisional),
    ledger.membership.subscribe(() => {
      drawProvisional()
      drawPersons()
      drawMine()
    }),
    profiles.names.subscribe(drawPersons),
    clock.every(REDRAW_EVERY, () => {
      drawMine()
      desk.redraw()
    }),
    () => decisions.stop(),
    () => desk.stop(),
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

  return {
    all,
    desk,
    invitations,
    decisions,
    notices,
    provisional,
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
    verify: (progress, stop) => verifyLedger(site.origin, state().community, progress, stop),
    async exportOwn() {
      const held = profiles.held([member])[0]
      const profile = held && open(PROFILE, state().community, held)
      const own = await ownData(ledger, member, profile?.ok ? profile.value.payload : undefined, storage)
      return `${JSON.stringify(own, undefined, 2)}\n`
    },
  }
}

/** @param final so many entries are */
function provisionalIn({ statements }: Membership, final: number): People['provisional']['value'] {
  return (what) => (typeof what === 'number' ? what : (statements.get(what as Id) ?? 0)) >= final
}
