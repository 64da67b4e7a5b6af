import { APPEAL } from '../../protocol/community/appeal.ts'
import { BAN, NOTICE, UNBAN } from '../../protocol/community/ban.ts'
import { COUNCIL, STEWARDS } from '../../protocol/community/council.ts'
import type { Ban, Member, Membership } from '../../protocol/community/membership.ts'
import { admit } from '../../protocol/community/replay.ts'
import { REPORT } from '../../protocol/community/report.ts'
import { hasAppealed, isDecidedOn } from '../../protocol/community/rules/appeals.ts'
import { type Opener, openerFromSeed } from '../../protocol/community/sealed.ts'
import { inGoodStanding } from '../../protocol/community/standing.ts'
import type { Statement } from '../../protocol/community/statement.ts'
import { type Envelope, type PayloadType, signedOf, verifySigned } from '../../protocol/envelope.ts'
import { entropyOf, rootSeed } from '../../protocol/identity/root.ts'
import { compareTexts, type KeyText, type MemberId, type StatementId } from '../../protocol/ids.ts'
import { type Signer, signerFromSeed } from '../../protocol/signature.ts'
import { toLedgerTime } from '../../protocol/time.ts'
import type { Acting } from '../community/acting.ts'
import { chainOfDevice, type Decided, type Placed, sealAct, sealCouncilAct } from '../community/acts.ts'
import { cosign } from '../community/cosigning.ts'
import { decisionBefore } from '../council/decision.ts'
import { type CouncilMessage, councilMessages, isFor, openMessage } from '../council/messages.ts'
import { readMarks, writeMarks } from '../council/read-marks.ts'
import {
  type ReadRequest,
  readRequestCode,
  readRequestFile,
  requestCode,
  requestFile,
} from '../council/request.ts'
import { appealAt, reportAt } from '../council/sealing.ts'
import { wordsOf } from '../council/words.ts'
import { PeerError, type PeerErrorCode } from '../errors.ts'
import { openRootVisit } from '../headless/root-visit.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { type Observable, Observed } from '../observed.ts'
import { second } from '../ports/clock.ts'
import type { Ports } from '../ports.ts'
import type { Site } from '../site.ts'
import type {
  AppealView,
  CouncilAct,
  CouncilDesk,
  CouncilSeat,
  CouncilView,
  MessageView,
  ProposalView,
  ProposedAct,
} from './council-view.ts'
import { EntryFeed } from './entry-feed.ts'

export interface DeskParts {
  readonly me: { readonly member: MemberId; readonly device: Signer }
  readonly ledger: Ledger
  readonly acting: Acting
  readonly ports: Ports
  readonly site: Site
  readonly refused: Observable<PeerErrorCode | undefined>
  readonly signal: AbortSignal
}

export interface OpenDesk extends CouncilDesk {
  /** What time alone changes. */
  redraw(): void
  stop(): void
}

export async function openDesk(parts: DeskParts): Promise<OpenDesk> {
  const { me, ledger, acting, ports, site, refused, signal } = parts
  const { storage, clock, random, verifier, report } = ports
  const state = () => ledger.membership.value
  const { community } = state()
  const own = () => state().members.get(me.member) as Member
  const now = () => toLedgerTime(second(clock))

  const view = new Observed(councilView(state(), own()))
  const appeal = new Observed<AppealView>({ state: 'nothing' })
  const messages = new Observed<readonly MessageView[] | undefined>(undefined)
  const found = new EntryFeed(ledger, councilMessages(), (error) => report('council', error))
  let marks = await readMarks(storage, community)
  let opener: Opener | undefined
  /** What this page sent as a root: our own copy of the ledger may not hear of it. */
  let sent: number | undefined

  function redraw(): void {
    view.set(councilView(state(), own()))
    appeal.set(appealView())
  }
  function drawMessages(all: readonly CouncilMessage[] | undefined): void {
    const { root } = own()
    messages.set(all?.filter((message) => isFor(message, root)).map(messageView))
  }

  function appealView(): AppealView {
    const member = own()
    const isOut = refused.value === 'not-member' || !inGoodStanding(member)
    const at = hasAppealed(member, now()) ? member.appealed : isOut ? sent : undefined
    if (at !== undefined && (isOut || isDecidedOn(member, now()))) return { state: 'sent', at: at * 1000 }
    if (isOut) return { state: 'possible', by: 'root' }
    return isDecidedOn(member, now()) ? { state: 'possible', by: 'device' } : { state: 'nothing' }
  }

  function messageView(message: CouncilMessage): MessageView {
    const { id, type, from, at } = message
    const decision = type === 'appeal' ? decisionBefore(state(), from, at) : undefined
    return { id, type, from, at: at * 1000, decision, fresh: !marks.has(id), content: contentOf(message) }
  }
  function contentOf(message: CouncilMessage): MessageView['content'] {
    if (opener === undefined) return 'sealed'
    const said = openMessage(community, message, opener)
    if (!said.ok) return 'broken'
    const { value } = said
    if (value.type === 'appeal') return { of: undefined, why: undefined, words: value.words, room: undefined }
    return { of: value.of, why: value.why, words: value.words, room: value.room }
  }

  const cancels = [
    ledger.membership.subscribe(redraw),
    refused.subscribe(redraw),
    // Only who is in the council has the ledger read through.
    view.subscribe(follow),
  ]
  let unfollow: (() => void) | undefined
  function follow(): void {
    if (unfollow !== undefined || !view.value.mine) return
    unfollow = found.subscribe(drawMessages)
    drawMessages(found.value)
  }
  redraw()
  follow()

  /** The seed of the root behind a phrase that was typed. @throws PeerError `phrase-wrong` unless it is mine */
  async function seedOf(phrase: string): Promise<Uint8Array> {
    const { wordlist } = await import('@scure/bip39/wordlists/english.js')
    const entropy = entropyOf(phrase, wordlist)
    const seed = entropy && rootSeed(entropy, state().genesis.payload.nonce)
    if (seed === undefined || signerFromSeed(seed).publicKey !== own().root)
      throw new PeerError('phrase-wrong')
    return seed
  }
  async function seatOf(phrase: string): Promise<Signer> {
    const signer = signerFromSeed(await seedOf(phrase))
    if (!state().council.keys.includes(signer.publicKey)) throw new PeerError('phrase-wrong')
    return signer
  }

  async function actAsDevice<T>(
    kind: PayloadType<T>,
    say: (place: Placed, membership: Membership) => T,
  ): Promise<void> {
    const { device, member } = me
    await acting.next(device.publicKey, chainOfDevice(device.publicKey), (membership, chain) =>
      sealAct(membership, kind, (place) => say(place, membership), member, chain, [device], second(clock)),
    )
    redraw()
  }

  async function proposal(statement: Statement): Promise<ProposalView> {
    const membership = state()
    const { envelope } = statement
    const act = proposedAct(membership, statement)
    if (act === undefined) throw new TypeError(`a ${statement.type} is no act of the council`)
    const good = await goodSignatures(membership, envelope)
    // What is on it and does not hold would refuse all of it.
    const bytes = good.length === envelope.signatures.length ? envelope.bytes : undefined
    const { root } = own()
    const judged = await admit(verifier, membership, envelope.bytes, Math.max(membership.time, now()))
    return {
      statement: envelope.id as StatementId,
      act,
      signed: good.map((key) => seat(membership, key)),
      needed: membership.council.k,
      mine: good.includes(root),
      state: bytes === undefined ? 'refused' : judged.ok ? 'ready' : (STATES[judged.reason] ?? 'refused'),
      file: requestFile(envelope.bytes),
      link: `${site.origin}/#/sign/${requestCode(envelope.bytes)}`,
    }
  }

  async function goodSignatures(
    membership: Membership,
    envelope: Envelope<unknown>,
  ): Promise<readonly KeyText[]> {
    const { message, signatures } = signedOf(membership.community, envelope)
    const good: KeyText[] = []
    for (const signature of signatures) {
      const holds = await verifySigned(verifier, { message, signatures: [signature] })
      if (holds.ok && membership.council.keys.includes(signature.key)) good.push(signature.key)
    }
    return good
  }

  function opened(proposed: ProposalView): Statement {
    const read = readRequestFile(community, proposed.file)
    if (!read?.ok) throw new TypeError('no proposal that was read here')
    return read.value
  }

  return {
    view,
    messages,
    appeal,
    rootOf: (member) => state().members.get(member)?.root,
    report: (member, why, words, room) => {
      const said = wordsOf(words)
      const more = { ...(said === undefined ? {} : { words: said }), ...(room === undefined ? {} : { room }) }
      return actAsDevice(REPORT, (place, membership) =>
        reportAt(membership, place, { of: member, why, ...more }, random),
      )
    },
    async sendAppeal(typed, phrase) {
      const words = wordsOf(typed)
      if (words === undefined) throw new TypeError('an appeal has words')
      if (phrase === undefined)
        return actAsDevice(APPEAL, (place, membership) => appealAt(membership, place, { words }, random))
      const root = signerFromSeed(await seedOf(phrase))
      const visit = await openRootVisit(ports, site, me.member, root, signal)
      try {
        await visit.act(APPEAL, (place) => appealAt(visit.state, place, { words }, random))
      } finally {
        await visit.close()
      }
      sent = now()
      redraw()
    },
    async open(phrase) {
      const seed = await seedOf(phrase)
      opener = openerFromSeed(seed, signerFromSeed(seed).publicKey)
      drawMessages(found.value)
    },
    async markRead(ids) {
      marks = new Set([...marks, ...ids])
      await writeMarks(storage, community, marks)
      drawMessages(found.value)
    },
    async decide(act, phrase) {
      const signer = await seatOf(phrase)
      const make = (membership: Membership) => sealDecision(membership, act, signer, second(clock))
      if (state().council.k === 1) {
        await acting.once<unknown>(make)
        return undefined
      }
      const { bytes } = await make(state())
      const read = readRequestFile(community, requestFile(bytes))
      if (!read?.ok) throw new Error('a statement of our own cannot be read')
      return proposal(read.value)
    },
    async read(text) {
      const read = readProposal(community, text)
      if (read === undefined) return 'damaged'
      if (!read.ok) return read.reason === 'foreign-community' ? 'foreign' : 'damaged'
      return proposedAct(state(), read.value) === undefined ? 'not-council' : proposal(read.value)
    },
    async sign(proposed, phrase) {
      const signer = await seatOf(phrase)
      const bytes = await cosign(community, opened(proposed).envelope, signer)
      const read = readRequestFile(community, requestFile(bytes))
      if (!read?.ok) throw new Error('a statement of our own cannot be read')
      return proposal(read.value)
    },
    async submit(proposed) {
      await acting.once<unknown>(async () => opened(proposed).envelope)
    },
    redraw,
    stop() {
      for (const cancel of cancels) cancel()
      unfollow?.()
      found.stop()
    },
  }
}

/** What a refusal means for a proposal; any other: the ledger would not take it. */
const STATES: { readonly [reason: string]: ProposalView['state'] } = {
  'council-minority': 'open',
  'statement-known': 'done',
}

/** A file, a link, or the code in it. */
function readProposal(community: Membership['community'], text: string): ReadRequest {
  const trimmed = text.trim()
  if (trimmed.startsWith('{')) return readRequestFile(community, trimmed)
  return readRequestCode(community, trimmed.slice(trimmed.lastIndexOf('/') + 1))
}

function councilView({ council, stewards, ...state }: Membership, { root }: Member): CouncilView {
  const seats = council.keys.map((key) => seat(state, key))
  return { seats, needed: council.k, stewards, mine: council.keys.includes(root) }
}

function seat({ roots, members }: Pick<Membership, 'roots' | 'members'>, key: KeyText): CouncilSeat {
  const member = roots.get(key)?.member
  return { key, member: member !== undefined && members.get(member)?.root === key ? member : undefined }
}

function sealDecision(
  state: Membership,
  act: CouncilAct,
  signer: Signer,
  now: number,
): Promise<Envelope<unknown>> {
  const decide = <T>(kind: PayloadType<T>, say: (decided: Decided) => T): Promise<Envelope<unknown>> =>
    sealCouncilAct(state, kind, say, [signer], now)
  switch (act.what) {
    case 'notice':
      return decide(NOTICE, (decided) => ({ ...decided, m: act.member, why: act.why }))
    case 'ban': {
      // From the first entry on: all of the branch.
      const branch = act.cut ? { cut: 0 } : {}
      return decide(BAN, (decided) => ({ ...decided, m: act.member, why: act.why, ...branch }))
    }
    case 'unban': {
      const ban = state.members.get(act.member)?.by
      if (ban === undefined) throw new PeerError('already-done')
      return decide(UNBAN, (decided) => ({ ...decided, ban }))
    }
    case 'council': {
      const keys = act.keys.toSorted(compareTexts)
      return decide(COUNCIL, (decided) => ({ ...decided, k: act.needed, keys }))
    }
    case 'stewards': {
      const of = act.members.toSorted(compareTexts)
      return decide(STEWARDS, (decided) => ({ ...decided, of }))
    }
  }
}

/** What a statement of the council says; undefined for any other. */
function proposedAct(state: Membership, statement: Statement): ProposedAct | undefined {
  switch (statement.type) {
    case 'notice': {
      const { m: member, why } = statement.envelope.payload
      return { what: 'notice', member, why }
    }
    case 'ban': {
      const { m: member, why, cut } = statement.envelope.payload
      return { what: 'ban', member, why, cut: cut !== undefined }
    }
    case 'unban': {
      const ban: Ban | undefined = state.bans.get(statement.envelope.payload.ban)
      return ban && { what: 'unban', member: ban.member }
    }
    case 'council': {
      const { k, keys } = statement.envelope.payload
      return { what: 'council', needed: k, seats: keys.map((key) => seat(state, key)) }
    }
    case 'stewards':
      return { what: 'stewards', members: statement.envelope.payload.of }
    case 'log-rotate': {
      const { log, witnesses } = statement.envelope.payload
      return { what: 'log', key: log, witnesses: witnesses?.keys.length }
    }
    case 'invite-void': {
      const { v, invite } = statement.envelope.payload
      return v === undefined
        ? undefined
        : { what: 'withdraw', sponsor: state.invitations.get(invite)?.sponsor }
    }
    default:
      return undefined
  }
}
