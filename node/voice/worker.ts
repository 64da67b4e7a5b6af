/** The worker behind `transforms.ts`: seals and opens the frames of one room's voices, away from the page. */

import { FIRST_STREAM } from '../../protocol/audio/voice.ts'
import type { KeyText, RoomId } from '../../protocol/ids.ts'
import { createVerifier, type Signer } from '../../protocol/signature.ts'
import { platformAead } from '../crypto/aead.ts'
import { nativeVerify } from '../crypto/native.ts'
import { sessionSigner } from '../crypto/session-signer.ts'
import { Keyring } from './keys.ts'
import type { FromWorker, ToWorker, TransformOptions } from './messages.ts'
import { Opener } from './opener.ts'
import { Sealer } from './sealer.ts'

/** What this file uses of a frame; `RTCEncodedAudioFrame` has it. */
interface EncodedFrame {
  data: ArrayBuffer
}
type Output = TransformStreamDefaultController<EncodedFrame>

interface Transformer {
  readonly readable: ReadableStream<EncodedFrame>
  readonly writable: WritableStream<EncodedFrame>
  readonly options: TransformOptions
}

/** What this file needs of the worker's global. */
interface WorkerGlobal {
  postMessage(message: FromWorker): void
  addEventListener(type: 'message', listener: (event: MessageEvent<ToWorker>) => void): void
  addEventListener(
    type: 'rtctransform',
    listener: (event: { readonly transformer: Transformer }) => void,
  ): void
}
const worker = globalThis as unknown as WorkerGlobal

/** A frame that waits, and where it goes. */
interface Waiting {
  readonly frame: EncodedFrame
  readonly output: Output
  /** Of a link with a relay. */
  readonly slot: number | undefined
}

interface Room {
  readonly id: RoomId
  readonly signer: Signer
  readonly keyring: Keyring
}

/** Speakers of a room, and listeners besides: admitted keys that are remembered. */
const REMEMBERED_KEYS = 256
const now = () => performance.now()

const begun = Promise.withResolvers<Room>()
const verifier = nativeVerify().then((native) => createVerifier(native, REMEMBERED_KEYS))
/** What the receivers of one link share. */
interface OpenLink {
  readonly number: number
  readonly opener: Opener<Waiting>
  /** Whose voice each slot was last said to carry. */
  readonly told: Map<number, KeyText>
}
/** Its receivers come one after the other, before those of the next. */
let newest: OpenLink | undefined
/** Whose voices may come over relays. */
let stage: readonly KeyText[] = []
let nextStream = firstStream()

worker.addEventListener('message', ({ data }) => void take(data).catch(tellFailure))
worker.addEventListener('rtctransform', ({ transformer }) => void run(transformer))

async function take(message: ToWorker): Promise<void> {
  if (message.kind === 'keys') {
    const { keyring } = await begun.promise
    keyring.set(message.keys)
    return
  }
  if (message.kind === 'stage') {
    stage = message.speakers
    return
  }
  const { room: id, seed } = message
  begun.resolve({ id, signer: await sessionSigner(seed), keyring: new Keyring(id) })
}

async function run({ readable, writable, options }: Transformer): Promise<void> {
  try {
    const room = await begun.promise
    const through = options.side === 'seal' ? sealing(room, options) : await opening(room, options)
    await readable.pipeThrough(through).pipeTo(writable)
  } catch (error) {
    tellFailure(error)
  }
}

function tellFailure(error: unknown): void {
  worker.postMessage({ kind: 'failed', message: String(error) })
}

function sealing({ id, signer, keyring }: Room, { link }: TransformOptions): TransformStream<EncodedFrame> {
  const voice = { room: id, speaker: signer.publicKey, kind: link, stream: nextStream }
  nextStream += 1
  const sealer = new Sealer({ voice, signer, aead: platformAead, now, secret: () => keyring.speak })
  return new TransformStream({
    async transform(frame, output) {
      if (frame.data.byteLength === 0) return
      const sealed = await sealer.seal(new Uint8Array(frame.data))
      if (sealed !== undefined) pass(frame, sealed, output)
    },
  })
}

async function opening(
  { id, keyring }: Room,
  options: Extract<TransformOptions, { side: 'open' }>,
): Promise<TransformStream<EncodedFrame>> {
  const { link, number } = options
  const slot = link === 'relay' ? options.slot : undefined
  const judge = await verifier
  if (newest?.number !== number) {
    const opener = new Opener<Waiting>({
      room: id,
      kind: link,
      speakers: link === 'relay' ? () => stage : () => [options.speaker],
      keyring,
      aead: platformAead,
      verifier: judge,
      now,
      onCheck: (speaker, check) => worker.postMessage({ kind: 'check', speaker, check }),
    })
    newest = { number, opener, told: new Map() }
  }
  const shared = newest
  return new TransformStream({
    async transform(frame, output) {
      // Padding, as browsers probe the road with.
      if (frame.data.byteLength === 0) return
      const heard = await shared.opener.open({ frame, output, slot }, new Uint8Array(frame.data))
      for (const { frame: waiting, speaker, opus } of heard) {
        if (waiting.slot !== undefined) tellSlot(shared, waiting.slot, speaker)
        pass(waiting.frame, opus, waiting.output)
      }
    },
  })
}

function tellSlot({ number, told }: OpenLink, slot: number, speaker: KeyText): void {
  if (told.get(slot) === speaker) return
  told.set(slot, speaker)
  worker.postMessage({ kind: 'slot', number, slot, speaker })
}

function pass(frame: EncodedFrame, bytes: Uint8Array, output: Output): void {
  frame.data = bytes.slice().buffer
  output.enqueue(frame)
}

/** VOICE-2: at random, with the first bit set, and far enough from the last that they can be counted up. */
function firstStream(): number {
  const random = new DataView(crypto.getRandomValues(new Uint8Array(8)).buffer)
  return FIRST_STREAM + Number(random.getBigUint64(0) >> 26n)
}
