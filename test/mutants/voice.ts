/** The rules of SPEC.md chapter 8 that a peer decides by, each broken in at least one way: descriptions, tickets, frames, blocks, who is handed a secret. */

import type { Mutant, Tests } from './mutant.ts'

/** What should notice, the quickest first. */
const VOICE_TESTS: Tests = [
  ['test/node/voice/opener.test.ts', 'test/protocol/audio'],
  ['test/vectors/voices.test.ts', 'test/vectors/vectors.test.ts', 'test/protocol/description.test.ts'],
]

const HAND_TESTS: Tests = [['test/node/room/locked.test.ts', 'test/node/room/epochs.test.ts']]

const BLOCK = 'protocol/audio/block.ts'
const DESCRIPTION = 'protocol/audio/description.ts'
const EPOCH = 'protocol/audio/epoch.ts'
const EPOCHS = 'node/room/epochs.ts'
const OPENER = 'node/voice/opener.ts'
const ANSWER = 'protocol/audio/relay-answer.ts'
const SESSION = 'node/room/session.ts'
const SFRAME = 'protocol/audio/sframe.ts'
const TICKET = 'protocol/audio/ticket.ts'
const VOICE = 'protocol/audio/voice.ts'

const ATTACHMENT = 'relay/fanout/attachment.ts'
const HELD = 'relay/fanout/held-links.ts'
const LINK = 'node/audience/audience-link.ts'
const MEDIA = 'relay/fanout/media.ts'

/** The same of links that are held, which a relay decides by as well. */
const HELD_TESTS: Tests = [
  ['test/relay/fanout/held-links.test.ts', 'test/node/audience/standby.test.ts'],
  ['test/relay/fanout/held.test.ts'],
]

const HELD_BROKEN: readonly Mutant[] = [
  {
    rule: 'FANOUT-6',
    does: 'holds any number of links for one member',
    file: HELD,
    text: "if (own >= MAX_HELD_OF_A_MEMBER) return bad('rate-limited')",
    instead: '',
  },
  {
    rule: 'FANOUT-6',
    does: 'holds any number of links',
    file: HELD,
    text: 'this.#count >= MAX_HELD || ',
    instead: '',
  },
  {
    rule: 'FANOUT-6',
    does: 'holds links however busy it is',
    file: HELD,
    text: 'load >= HELD_LOAD || ',
    instead: '',
  },
  {
    rule: 'FANOUT-6',
    does: 'holds links however many begin within a second',
    file: HELD,
    text: ' || joining >= HELD_LOAD',
    instead: '',
  },
  {
    rule: 'FANOUT-6',
    does: 'holds links on the last of its ports',
    file: HELD,
    text: ' || filled >= HELD_FILLED',
    instead: '',
  },
  {
    rule: 'FANOUT-6',
    does: 'keeps the place of a link that is gone',
    file: ATTACHMENT,
    text: "if (state.kind === 'held') state.release()",
    instead: '',
  },
  {
    rule: 'FANOUT-6',
    does: 'holds a link for ever',
    file: ATTACHMENT,
    text: "if (this.#state.kind === 'held' && now >= this.#state.until) this.refuse('expired')",
    instead: '',
  },
  {
    rule: 'FANOUT-6',
    does: 'holds a link with a voice of its own',
    file: ATTACHMENT,
    text: "if (speaks(offer.value)) return bad('wrong-description', 'voice')",
    instead: '',
  },
  {
    rule: 'FANOUT-6',
    does: 'binds a link by a ticket for another certificate',
    file: ATTACHMENT,
    text: "if (!equalBytes(fingerprint, ticket.fp)) return bad('wrong-fingerprint')",
    instead: '',
  },
  {
    rule: 'FANOUT-6',
    does: 'makes a listener’s link a speaker’s',
    file: ATTACHMENT,
    text: "if (ticket.as === 'speaker') return bad('wrong-description', 'voice')",
    instead: '',
  },
  {
    rule: 'FANOUT-6',
    does: 'binds a link to a room in which its member has no place',
    file: ATTACHMENT,
    text: "if (!placed.ok || held.kind !== 'held') return placed",
    instead: "if (held.kind !== 'held') return placed",
  },
  {
    rule: 'FANOUT-6',
    does: 'never sends what is said in the room of a link that was held',
    file: MEDIA,
    text: 'if (held.link instanceof MediaLink && held.link.isConnected)',
    instead: 'if (held.link instanceof MediaLink && held.link.isHalfOpen)',
  },
  {
    rule: 'FANOUT-6',
    does: 'takes what vouches for an answer before it named a room',
    file: LINK,
    text: "if (room === undefined) return bad('field-unknown')",
    instead: 'if (room === undefined) return good(true)',
  },
]

const BROKEN: readonly Mutant[] = [
  // --- descriptions and relays' answers -----------------------------------------------------------
  {
    rule: 'DESC-2',
    does: 'takes a description of another room',
    file: DESCRIPTION,
    text: "if (description.r !== expected.room) return bad('foreign-room')",
    instead: '',
  },
  {
    rule: 'DESC-2',
    does: 'takes a description of another session',
    file: DESCRIPTION,
    text: '    description.from !== expected.from ||\n',
    instead: '',
  },
  {
    rule: 'DESC-2',
    does: 'takes a description for another session',
    file: DESCRIPTION,
    text: '    description.to !== expected.to ||\n',
    instead: '',
  },
  {
    rule: 'DESC-2',
    does: 'takes a description of another member',
    file: DESCRIPTION,
    text: '||\n    description.m !== expected.member\n',
    instead: '',
  },
  {
    rule: 'DESC-2',
    does: 'takes a description a second time',
    file: DESCRIPTION,
    text: 'description.n <= expected.last',
    instead: 'description.n < expected.last',
  },
  {
    rule: 'DESC-3',
    does: 'takes a description of any time',
    file: DESCRIPTION,
    text: 'if (!timely.ok) return timely\n',
    instead: '',
  },
  {
    rule: 'DESC-4',
    does: 'takes a session description that nobody signed',
    file: DESCRIPTION,
    text: "if (!equalBytes(description.sdp, sdpDigest(sdp))) return bad('wrong-description')",
    instead: '',
  },
  {
    rule: 'DESC-4',
    does: 'takes another fingerprint than the one that was signed',
    file: DESCRIPTION,
    text: 'fingerprint === undefined || !equalBytes(fingerprint, description.fp)',
    instead: 'fingerprint === undefined',
  },
  {
    rule: 'DESC-4',
    does: 'takes the last of two fingerprints',
    file: DESCRIPTION,
    text: '!bytes || (found && !equalBytes(found, bytes))',
    instead: '!bytes',
  },
  {
    rule: 'DESC-4',
    does: 'overlooks a fingerprint of another hash',
    file: DESCRIPTION,
    text: 'if (!bytes || (found && !equalBytes(found, bytes))) return undefined',
    instead: 'if (!bytes) continue\n    if (found && !equalBytes(found, bytes)) return undefined',
  },
  {
    rule: 'DESC-4',
    does: 'overlooks a fingerprint after a lone carriage return',
    file: DESCRIPTION,
    text: 'sdp.split(/[\\r\\n]+/)',
    instead: 'sdp.split(/\\r?\\n/)',
  },
  {
    rule: 'DESC-1',
    does: 'takes a description that nobody signed',
    file: DESCRIPTION,
    text: 'return signed.ok ? good(opened.value) : signed',
    instead: 'return signed.ok || signed.reason !== undefined ? good(opened.value) : signed',
  },
  {
    rule: 'ANSWER-2',
    does: 'takes an answer to another offer',
    file: ANSWER,
    text: "if (!equalBytes(answer.offer, sdpDigest(expected.offer))) return bad('stale')",
    instead: '',
  },
  {
    rule: 'ANSWER-2',
    does: 'takes an answer of another relay',
    file: ANSWER,
    text: 'answer.from !== expected.relay || answer.to !== expected.to',
    instead: 'answer.to !== expected.to',
  },
  {
    rule: 'ANSWER-2',
    does: 'takes an answer to another session',
    file: ANSWER,
    text: 'answer.from !== expected.relay || answer.to !== expected.to',
    instead: 'answer.from !== expected.relay',
  },
  {
    rule: 'ANSWER-3',
    does: 'takes another fingerprint than the one that the relay signed',
    file: ANSWER,
    text: 'fingerprint === undefined || !equalBytes(fingerprint, answer.fp)',
    instead: 'fingerprint === undefined',
  },
  {
    rule: 'ANSWER-1',
    does: 'takes an answer that the relay did not sign',
    file: ANSWER,
    text: 'return signed.ok ? good(opened.value) : signed',
    instead: 'return signed.ok || signed.reason !== undefined ? good(opened.value) : signed',
  },
  // --- tickets --------------------------------------------------------------------------------------
  {
    rule: 'TICKET-2',
    does: 'takes a ticket for another relay',
    file: TICKET,
    text: 'ticket.relay !== relay || ',
    instead: '',
  },
  {
    rule: 'TICKET-2',
    does: 'takes a ticket of another session',
    file: TICKET,
    text: 'ticket.from !== from || ',
    instead: '',
  },
  {
    rule: 'TICKET-2',
    does: 'takes a ticket of another member',
    file: TICKET,
    text: ' || ticket.m !== member',
    instead: '',
  },
  {
    rule: 'TICKET-3',
    does: 'takes a ticket of any time',
    file: TICKET,
    text: 'if (!timely.ok) return timely\n',
    instead: '',
  },
  {
    rule: 'TICKET-4',
    does: 'takes another room into a link that there is',
    file: TICKET,
    text: "if (ticket.r !== held.r) return bad('foreign-room')",
    instead: '',
  },
  {
    rule: 'TICKET-4',
    does: 'takes another certificate into a link that there is',
    file: TICKET,
    text: "if (!equalBytes(ticket.fp, held.fp)) return bad('wrong-fingerprint')",
    instead: '',
  },
  {
    rule: 'TICKET-4',
    does: 'makes a speaker of a listener',
    file: TICKET,
    text: 'ticket.as !== held.as || ticket.exp <= held.exp',
    instead: 'ticket.exp <= held.exp',
  },
  {
    rule: 'TICKET-4',
    does: 'takes a ticket that prolongs nothing',
    file: TICKET,
    text: 'ticket.as !== held.as || ticket.exp <= held.exp',
    instead: 'ticket.as !== held.as || ticket.exp < held.exp',
  },
  // --- secrets and places ------------------------------------------------------------------------
  {
    rule: 'EPOCH-2',
    does: 'has one digest for a secret in every epoch',
    file: EPOCH,
    text: 'hash(DOMAIN.epoch, idBytes(room), uint64(epoch), secret)',
    instead: 'hash(DOMAIN.epoch, idBytes(room), uint64(epoch * 0), secret)',
  },
  {
    rule: 'EPOCH-3',
    does: 'lets the order of an audience matter',
    file: EPOCH,
    text: 'sessions.map(keyBytes).sort(compareBytes)',
    instead: 'sessions.map(keyBytes)',
  },
  {
    rule: 'EPOCH-4',
    does: 'ratchets in a way that another room has too',
    file: EPOCH,
    text: 'derive(secret, idBytes(room), DOMAIN.ratchet)',
    instead: 'derive(secret, idBytes(room).fill(0), DOMAIN.ratchet)',
  },
  {
    rule: 'VOICE-1',
    does: 'has one key for all who speak',
    file: VOICE,
    text: 'concatBytes(DOMAIN.voice, keyBytes(speaker), ',
    instead: 'concatBytes(DOMAIN.voice, keyBytes(speaker).fill(0), ',
  },
  {
    rule: 'VOICE-1',
    does: 'has one key for a session and for a relay',
    file: VOICE,
    text: 'mesh: 0, relay: 1',
    instead: 'mesh: 0, relay: 0',
  },
  {
    rule: 'VOICE-3',
    does: 'takes a counter beyond the last',
    file: VOICE,
    text: ' || ctr > BigInt(MAX_FRAME_COUNTER)',
    instead: '',
  },
  {
    rule: 'VOICE-3',
    does: 'takes a stream whose first bit is 0',
    file: VOICE,
    text: 'stream < FIRST_STREAM || ',
    instead: '',
  },
  {
    rule: 'FRAME-1',
    does: 'takes a number in more bytes than it needs',
    file: SFRAME,
    text: 'return value < 8n || frame[at] === 0 ? undefined : { value, end }',
    instead: 'return { value, end }',
  },
  {
    rule: 'FRAME-3',
    does: 'leaves the header out of what is authenticated',
    file: SFRAME,
    text: 'const associated = concatBytes(frame.subarray(0, length), metadata)',
    instead: 'const associated = concatBytes(encodeHeader({ kid: 0n, ctr: header.ctr }), metadata)',
  },
  // --- what a frame holds, and who signed for it --------------------------------------------------
  {
    rule: 'FRAME-5',
    does: 'takes a block in the first frame',
    file: BLOCK,
    text: 'count > Math.min(MAX_BLOCK_DIGESTS, ctr)',
    instead: 'count > MAX_BLOCK_DIGESTS',
  },
  {
    rule: 'FRAME-5',
    does: 'takes a block of any length',
    file: BLOCK,
    text: 'count > Math.min(MAX_BLOCK_DIGESTS, ctr)',
    instead: 'count > ctr',
  },
  {
    rule: 'FRAME-5',
    does: 'takes a block without a packet',
    file: BLOCK,
    text: 'end <= 0 || ',
    instead: 'end < 0 || ',
  },
  {
    rule: 'BLOCK-3',
    does: 'takes a block in another frame than it was signed for',
    file: BLOCK,
    text: 'streamBytes(stream), uint64(ctr)]',
    instead: 'streamBytes(stream), uint64(ctr * 0)]',
  },
  {
    rule: 'BLOCK-3',
    does: 'takes a block of another stream',
    file: BLOCK,
    text: 'streamBytes(stream), uint64(ctr)]',
    instead: 'streamBytes(stream * 0), uint64(ctr)]',
  },
  {
    rule: 'BLOCK-3',
    does: 'takes a block of another link',
    file: BLOCK,
    text: 'Uint8Array.of(KIND[kind]), streamBytes',
    instead: 'Uint8Array.of(KIND[kind] * 0), streamBytes',
  },
  {
    rule: 'BLOCK-3',
    does: 'takes a block that the speaker did not sign',
    file: OPENER,
    text: '    if (!verdict.ok) {\n      this.#refuse(verdict.reason)\n',
    instead: '    if (verdict.ok === undefined) {\n',
  },
  {
    rule: 'FRAME-4',
    does: 'plays a frame a second time',
    file: OPENER,
    text: ' || same.some((other) => equalBytes(other.digest, digest))',
    instead: '',
  },
  {
    rule: 'FRAME-4',
    does: 'plays what is older than the window',
    file: OPENER,
    text: 'ctr <= stream.signedTo - REPLAY_WINDOW || ',
    instead: '',
  },
  {
    rule: 'FRAME-4',
    does: 'plays back what somebody said before they were put out and let in again',
    file: OPENER,
    text: '    const known = this.#known.get(key)\n    if (known !== undefined) return known\n',
    instead: '',
  },
  {
    rule: 'BLOCK-5',
    does: 'lets unsigned sound be heard without an end',
    file: OPENER,
    text: 'return unsigned <= MAX_UNSIGNED_MS',
    instead: 'return true',
  },
  {
    rule: 'BLOCK-5',
    does: 'plays unsigned sound of a stream beside the one that is signed for',
    file: OPENER,
    text: 'if (stream.signedTo < 0 && others.some(({ signedAt }) => signedAt >= recent)) return false',
    instead: '',
  },
  {
    rule: 'BLOCK-5',
    does: 'plays what is far ahead of all that was signed for',
    file: OPENER,
    text: 'if (stream.signedTo >= 0 && ctr >= stream.signedTo + REPLAY_WINDOW) return false',
    instead: '',
  },
  {
    rule: 'BLOCK-5',
    does: 'plays what was held for any time',
    file: OPENER,
    text: "if (each.state === 'held' && now - each.at > HOLD_MS) this.#drop(each)",
    instead: "if (each.state === 'held' && now - each.at > Infinity) this.#drop(each)",
  },
  {
    rule: 'BLOCK-6',
    does: 'plays on unsigned after somebody forged',
    file: OPENER,
    text: 'if (speaker.isForged) return false',
    instead: '',
  },
  {
    rule: 'BLOCK-6',
    does: 'sees no forgery where two frames have one number',
    file: OPENER,
    text: 'if (same.length > 0) this.#forged(speaker)',
    instead: '',
  },
  {
    rule: 'BLOCK-6',
    does: 'plays a frame for which the speaker signed otherwise',
    file: OPENER,
    text: 'if (!equalBytes(candidate.digest, stream.signed.get(ctr) as Uint8Array)) {',
    instead: 'if (stream.signed.get(ctr) === undefined) {',
  },
  {
    rule: 'BLOCK-6',
    does: 'plays the true frame after a forged one in its place',
    file: OPENER,
    text: "if (others.some(({ state }) => state === 'heard')) this.#drop(candidate)\n    else this.#let",
    instead: 'if (others.length < 0) this.#drop(candidate)\n    else this.#let',
  },
  {
    rule: 'BLOCK-7',
    does: 'goes on calling a voice verified for which nobody signs any more',
    file: OPENER,
    text: "else if (speaker.since > UNVERIFIED_AFTER_MS) this.#say(speaker, 'unverified')",
    instead:
      "else if (speaker.since > UNVERIFIED_AFTER_MS && !speaker.isSigned) this.#say(speaker, 'unverified')",
  },
]

// --- who is handed a secret ---------------------------------------------------------------------
const HANDED: readonly Mutant[] = [
  {
    rule: 'HAND-5',
    does: 'hands the secret to who came after the door was locked',
    file: EPOCHS,
    text: 'const may = options.mayBeHere',
    instead: 'const may = (member: MemberId) => !isBarred(member)',
  },
  {
    rule: 'HAND-5',
    does: 'takes no secret from who was inside before who takes it',
    file: EPOCHS,
    text: "isBarred(from.member)) return 'not-admitted'",
    instead: "!may(from.member)) return 'not-admitted'",
  },
  {
    rule: 'HAND-5',
    does: 'believes a beacon that its session was let in',
    file: EPOCHS,
    text: '[...present().filter((mate) => options.isGreeted(mate)), me]',
    instead: '[...present(), me]',
  },
  {
    rule: 'HAND-5',
    does: 'believes anybody on the stage who joined since',
    file: EPOCHS,
    text: 'from.member === epoch.by && levelOf(state(), from.member) >= LEVEL.comoderator',
    instead: 'levelOf(state(), from.member) >= LEVEL.speaker',
  },
  {
    rule: 'HAND-5',
    does: 'forgets whom others let in once it makes an epoch itself',
    file: EPOCHS,
    text: 'vouched: held?.vouched ?? new Set()',
    instead: 'vouched: new Set()',
  },
  {
    rule: 'HAND-5',
    does: 'takes itself for a stranger though it is handed the secret',
    file: EPOCHS,
    text: 'if (!mayEnter(state(), me.member)) vouched.push(me.key)',
    instead: '',
  },
  {
    rule: 'HAND-5',
    does: 'stays by a secret after what let it in was taken back',
    file: EPOCHS,
    text: 'if (!mayEnter(state(), me.member)) vouched.push(me.key)',
    instead: 'vouched.push(me.key)',
  },
  {
    rule: 'HAND-5',
    does: 'keeps those alone whom it saw behind a locked door, not before',
    file: SESSION,
    text: 'isWanted: () => log.state.locked || onStage(log.state, me.member)',
    instead: 'isWanted: () => log.state.locked',
  },
  {
    rule: 'HAND-5',
    does: 'goes by nobody’s word of who was inside',
    file: SESSION,
    text: 'if (state.locked) door.vouched(epochs.vouched())',
    instead: '',
  },
  {
    rule: 'HAND-5',
    does: 'takes whoever it sees before it was told anything for inside',
    file: SESSION,
    text: 'if (knowsPeople()) door.seen(attendance',
    instead: "if (lifecycle !== 'joining') door.seen(attendance",
  },
  {
    rule: 'HAND-5',
    does: 'forgets who was inside when it comes back',
    file: SESSION,
    text: 'known: inside,',
    instead: 'known: [],',
  },
]

export const VOICE_MUTANTS: readonly Mutant[] = [
  ...BROKEN.map((mutant) => ({ ...mutant, tests: VOICE_TESTS })),
  ...HANDED.map((mutant) => ({ ...mutant, tests: HAND_TESTS })),
  ...HELD_BROKEN.map((mutant) => ({ ...mutant, tests: HELD_TESTS })),
]
