import type {
  Connection,
  ConnectionListener,
  IceCandidate,
  PeerConnections,
  SessionDescription,
} from '../../node/ports/connections.ts'
import type { VoiceKeys } from '../../node/voice/keys.ts'
import { fingerprintOf } from '../../protocol/audio/description.ts'
import { equalBytes } from '../../protocol/bytes.ts'
import type { KeyText } from '../../protocol/ids.ts'

/**
 * What every adapter of `PeerConnections` must do. Plain cases without a test runner, so that they also run inside a page, where the browser's
 * connections are.
 */
export interface ConnectionsSubject {
  readonly connections: PeerConnections
  /** The session at both ends of every connection here. */
  readonly speaker: KeyText
  /** A track that is heard. */
  track(): MediaStreamTrack
}

export interface ConnectionsCase {
  readonly name: string
  run(subject: ConnectionsSubject): Promise<void>
}

/** The name of a case that is run in more than one way. */
export const SHOWN_CERTIFICATE = 'shows the certificate that the description names'
/** The one that a platform leaves out which makes a connection anew instead. */
export const NEW_ROADS = 'finds new roads under a new name after a restart'

export const CONNECTIONS_CONTRACT: readonly ConnectionsCase[] = [
  {
    name: 'asks for a negotiation when there is something to send, and not before',
    run: (subject) =>
      within(subject, async ({ alice }) => {
        check(!alice.isAsked, 'asked with nothing to send')
        alice.connection.send(subject.track())
        await alice.asked()
      }),
  },
  {
    name: 'carries a voice one way: offer, answer, connected',
    run: (subject) =>
      within(subject, async ({ alice, bob }) => {
        alice.connection.send(subject.track())
        await alice.asked()
        const { offer, answer } = await negotiate(alice, bob)
        check(directionsOf(offer) === 'sendonly', 'the offer only sends')
        check(directionsOf(answer) === 'recvonly', 'the answer of a listener only receives')
        await Promise.all([alice.reaches('connected'), bob.reaches('connected')])
        check(bob.connection.voice !== undefined, 'the listener has a voice')
        check(alice.connection.voice === undefined, 'the speaker has none')
      }),
  },
  {
    name: 'carries a voice each way, in a section of its own',
    run: (subject) =>
      within(subject, async ({ alice, bob }) => {
        await speak(subject, alice, bob)
        bob.connection.send(subject.track())
        await bob.asked()
        const { offer } = await negotiate(bob, alice)
        check(directionsOf(offer) === 'recvonly sendonly', 'two sections')
        check(alice.connection.voice !== undefined && bob.connection.voice !== undefined, 'two voices')
      }),
  },
  {
    name: 'sounds only while it shall be heard',
    run: (subject) =>
      within(subject, async ({ alice, bob }) => {
        await speak(subject, alice, bob)
        check(bob.connection.level() === 0, 'silent at first')
        bob.connection.hear(true)
        await bob.until(() => bob.connection.level() > 0)
      }),
  },
  {
    name: 'says of a voice that its speaker signed for it',
    run: (subject) =>
      within(subject, async ({ alice, bob }) => {
        await speak(subject, alice, bob)
        bob.connection.hear(true)
        await bob.until(() => bob.connection.level() > 0)
        await bob.until(() => subject.connections.checks.value.get(subject.speaker) === 'verified')
      }),
  },
  {
    name: 'sends nothing without a secret, and lets nothing sound that another secret seals',
    run: (subject) =>
      within(subject, async ({ alice, bob }) => {
        subject.connections.use({ held: KEYS.held, speak: undefined })
        await speak(subject, alice, bob)
        bob.connection.hear(true)
        await isSilent(bob)
        subject.connections.use({ held: [], speak: KEYS.speak })
        await isSilent(bob)
        subject.connections.use({ held: [{ ...SECRET, secret: new Uint8Array(32) }], speak: KEYS.speak })
        await isSilent(bob)
        subject.connections.use(KEYS)
        subject.connections.rest(false)
        await bob.until(() => bob.connection.level() > 0)
      }),
  },
  {
    name: 'withdraws the voice that is not sent any more, and brings the same one back',
    run: (subject) =>
      within(subject, async ({ alice, bob }) => {
        await speak(subject, alice, bob)
        const voice = bob.connection.voice
        alice.connection.send(undefined)
        await alice.asked()
        await negotiate(alice, bob)
        check(bob.connection.voice === undefined, 'withdrawn')
        alice.connection.send(subject.track())
        await alice.asked()
        const { offer } = await negotiate(alice, bob)
        check(bob.connection.voice === voice && voice !== undefined, 'the same again')
        check(directionsOf(offer) === 'sendonly', 'no section was added')
      }),
  },
  {
    name: 'changes one track for another without a negotiation',
    run: (subject) =>
      within(subject, async ({ alice, bob }) => {
        await speak(subject, alice, bob)
        alice.connection.send(subject.track())
        // A negotiation that is needed for another reason is the only way to see that none was needed for this.
        check(!alice.isAsked, 'asked at once')
        bob.connection.send(subject.track())
        await bob.asked()
        await negotiate(bob, alice)
        check(!alice.isAsked && bob.connection.voice !== undefined, 'asked later')
      }),
  },
  {
    name: 'sends nothing while the voice rests, and it again at once, without a negotiation',
    run: (subject) =>
      within(subject, async ({ alice, bob }) => {
        const { connections } = subject
        connections.rest(true)
        await speak(subject, alice, bob)
        bob.connection.hear(true)
        await isSilent(bob)
        connections.rest(false)
        await bob.until(() => bob.connection.level() > 0)
        connections.rest(true)
        await bob.until(() => bob.connection.level() === 0)
        alice.connection.send(subject.track())
        await isSilent(bob)
        connections.rest(false)
        await bob.until(() => bob.connection.level() > 0)
        check(!alice.isAsked, 'asked')
      }),
  },
  {
    name: 'takes its own offer back for that of the other side, and needs it again',
    run: (subject) =>
      within(subject, async ({ alice, bob }) => {
        alice.connection.send(subject.track())
        bob.connection.send(subject.track())
        await Promise.all([alice.asked(), bob.asked()])
        await alice.connection.describe()
        await negotiate(bob, alice)
        await alice.asked()
        await negotiate(alice, bob)
        check(alice.connection.voice !== undefined && bob.connection.voice !== undefined, 'two voices')
        await Promise.all([alice.reaches('connected'), bob.reaches('connected')])
      }),
  },
  {
    name: 'rejects an answer that answers nothing',
    run: (subject) =>
      within(subject, async ({ alice, bob }) => {
        const { answer } = await speak(subject, alice, bob)
        await rejects(alice.connection.accept({ type: 'answer', sdp: answer }), 'InvalidStateError')
      }),
  },
  {
    name: 'says of a text that it is no description',
    run: (subject) =>
      within(subject, async ({ bob }) => {
        const result = await bob.connection.accept({ type: 'offer', sdp: 'v=0\r\nnonsense\r\n' })
        check(!result.ok && result.reason === 'wrong-description', 'refused')
      }),
  },
  {
    name: 'says of a candidate that it is none, or that nothing is described yet',
    run: (subject) =>
      within(subject, async ({ alice, bob }) => {
        check(
          !(await bob.connection.addCandidate({ candidate: 'candidate:x', mid: '0' })),
          'nothing described',
        )
        await speak(subject, alice, bob)
        check(!(await bob.connection.addCandidate({ candidate: 'nonsense', mid: '0' })), 'nonsense')
      }),
  },
  {
    name: SHOWN_CERTIFICATE,
    run: (subject) =>
      within(subject, async ({ alice, bob }) => {
        const { offer } = await speak(subject, alice, bob)
        const shown = await bob.connection.remoteFingerprint()
        const named = fingerprintOf(offer)
        check(shown !== undefined && named !== undefined && equalBytes(shown, named), 'the same')
      }),
  },
  {
    name: 'does not connect to another certificate than the description names',
    run: (subject) =>
      within(subject, async ({ alice, bob }) => {
        alice.connection.send(subject.track())
        await alice.asked()
        const other = Array.from({ length: 32 }, () => 'AB').join(':')
        const swap = (sdp: string) => sdp.replace(/^(a=fingerprint:sha-256 ).*$/gm, `$1${other}`)
        await negotiate(alice, bob, swap)
        await bob.reaches('untrusted')
        check(bob.connection.level() === 0, 'nothing is heard')
      }),
  },
  {
    name: NEW_ROADS,
    run: (subject) =>
      within(subject, async ({ alice, bob }) => {
        const before = await speak(subject, alice, bob)
        alice.connection.restartIce()
        await alice.asked()
        const after = await negotiate(alice, bob)
        check(ufragOf(before.offer) !== ufragOf(after.offer), 'another fragment of the offer')
        check(ufragOf(before.answer) !== ufragOf(after.answer), 'another fragment of the answer')
        await Promise.all([alice.reaches('connected'), bob.reaches('connected')])
      }),
  },
  {
    name: 'is silent after it was closed, twice',
    run: (subject) =>
      within(subject, async ({ alice, bob }) => {
        await speak(subject, alice, bob)
        alice.connection.close()
        const calls = alice.calls
        alice.connection.close()
        alice.connection.send(undefined)
        check(alice.connection.state === 'closed' && alice.connection.signalling === 'closed', 'closed')
        check(alice.connection.voice === undefined && alice.connection.level() === 0, 'no voice')
        await rejects(alice.connection.describe(), 'InvalidStateError')
        check(alice.calls === calls, 'nothing was called back')
      }),
  },
]

const SECRET = { epoch: 1, generation: 0, secret: Uint8Array.from({ length: 32 }, (_, i) => i) }
const KEYS: VoiceKeys = { held: [SECRET], speak: SECRET }

/** For as long as a decoder would play on what it has, and then some. */
async function isSilent(end: End): Promise<void> {
  let loudest = 0
  for (let i = 0; i < 20; i++) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    if (i >= 10) loudest = Math.max(loudest, end.connection.level())
  }
  check(loudest === 0, `silent, and not as loud as ${loudest}`)
}

/** One end, with what it called back. */
class End {
  readonly connection: Connection
  readonly #roads: IceCandidate[] = []
  readonly #waiting = new Set<() => void>()
  calls = 0
  isAsked = false
  /** Where candidates go once the other side has the description that they belong to. */
  #other: Connection | undefined

  constructor({ connections, speaker }: ConnectionsSubject) {
    const listener = {
      negotiationNeeded: () => {
        this.isAsked = true
        this.#called()
      },
      candidate: (candidate: IceCandidate) => {
        this.#roads.push(candidate)
        this.#send()
        this.#called()
      },
      changed: () => this.#called(),
    } satisfies ConnectionListener
    this.connection = connections.open(listener, speaker)
  }

  /** Waits for a negotiation to be needed, once. */
  async asked(): Promise<void> {
    await this.until(() => this.isAsked)
    this.isAsked = false
  }

  reaches(state: Connection['state']): Promise<void> {
    return this.until(() => this.connection.state === state)
  }

  /** Looks again at every call back, and now and then: a level calls nobody. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 50)
        this.#waiting.add(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
  }

  leadTo(other: Connection): void {
    this.#other = other
    this.#send()
  }

  #send(): void {
    const other = this.#other
    if (other === undefined) return
    for (const road of this.#roads.splice(0)) other.addCandidate(road).catch(() => {})
  }

  #called(): void {
    this.calls += 1
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }
}

interface Pair {
  readonly alice: End
  readonly bob: End
}

async function within(subject: ConnectionsSubject, run: (pair: Pair) => Promise<void>): Promise<void> {
  subject.connections.use(KEYS)
  const pair = { alice: new End(subject), bob: new End(subject) }
  try {
    await run(pair)
  } finally {
    pair.alice.connection.close()
    pair.bob.connection.close()
  }
}

/** One offer and its answer. @returns both texts, as they were made */
async function negotiate(
  from: End,
  to: End,
  change: (sdp: string) => string = (sdp) => sdp,
): Promise<{ readonly offer: string; readonly answer: string }> {
  const offer = await from.connection.describe()
  check(offer.type === 'offer', 'an offer')
  await accept(to, { ...offer, sdp: change(offer.sdp) })
  from.leadTo(to.connection)
  const answer = await to.connection.describe()
  check(answer.type === 'answer', 'an answer')
  await accept(from, answer)
  to.leadTo(from.connection)
  return { offer: offer.sdp, answer: answer.sdp }
}

async function accept(end: End, description: SessionDescription): Promise<void> {
  const accepted = await end.connection.accept(description)
  check(accepted.ok, `the ${description.type} is accepted`)
}

/** The first speaks, the second listens, and they are connected. */
async function speak(subject: ConnectionsSubject, from: End, to: End) {
  from.connection.send(subject.track())
  await from.asked()
  const texts = await negotiate(from, to)
  await Promise.all([from.reaches('connected'), to.reaches('connected')])
  return texts
}

/** The directions of the sections, in their order; Firefox states one for the session too. */
function directionsOf(sdp: string): string {
  const [, ...sections] = sdp.split(/^m=audio/m)
  return sections
    .map((section) => /^a=(sendonly|recvonly|sendrecv|inactive)\r$/m.exec(section)?.[1])
    .join(' ')
}

function ufragOf(sdp: string): string | undefined {
  return /^a=ice-ufrag:(\S+)/m.exec(sdp)?.[1]
}

async function rejects(promise: Promise<unknown>, name: string): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  check(error instanceof DOMException && error.name === name, `rejects with ${name}`)
}

function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`not so: ${what}`)
}
