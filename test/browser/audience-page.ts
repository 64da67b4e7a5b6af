import { AudienceLink } from '../../node/audience/audience-link.ts'
import { type BrowserAudienceConnection, browserAudience } from '../../node/audience/browser-connections.ts'
import { platformVerifier } from '../../node/crypto/native.ts'
import { Senders } from '../../node/mesh/senders.ts'
import { MessageQueue } from '../../node/network/message-queue.ts'
import type { Channel } from '../../node/network/network.ts'
import { peerIdOf } from '../../node/network/peer-id.ts'
import { systemClock } from '../../node/ports/clock.ts'
import { beginLedger } from '../../protocol/community/replay.ts'
import { idOf } from '../../protocol/ids.ts'
import { withMember } from '../node/mesh/scene.ts'
import { bytesOf, foundCommunity, NOON, personOf, signerOf } from '../support/community.ts'

/** The page of `audience.test.ts`: a link with a relay over the browser's own connections, whose stream the test carries. */

export interface AudiencePage {
  /** Attaches to a relay of the scene. @param scrambled every frame is changed on its way out, and back on its way in */
  start(me: string, relay: string, speaks: boolean, scrambled: boolean): Promise<void>
  state(): { readonly connected: boolean; readonly hearing: number; readonly end: string | undefined }
  /** The next message for the relay; undefined when the page has closed the stream. */
  next(): Promise<readonly number[] | undefined>
  take(message: readonly number[] | undefined): void
}

declare global {
  interface Window {
    audiencePage: AudiencePage
  }
}

const verifier = await platformVerifier()
const microphone = await navigator.mediaDevices.getUserMedia({ audio: true })

/** Turns every byte of every frame over: whoever carries it cannot play it, and must not change it. */
const SCRAMBLER = `onrtctransform = ({ transformer: { readable, writable } }) => readable
  .pipeThrough(new TransformStream({ transform(frame, controller) {
    const bytes = new Uint8Array(frame.data)
    frame.data = bytes.map((byte) => byte ^ 0xa5).buffer
    controller.enqueue(frame)
  } }))
  .pipeTo(writable)`

async function start(
  me: string,
  relay: string,
  speaks: boolean,
  scrambled: boolean,
): Promise<Omit<AudiencePage, 'start'>> {
  const [genesis] = (await foundCommunity(signerOf('log').publicKey)).entries
  const begun = await beginLedger(verifier, genesis as Uint8Array)
  if (!begun.ok) throw new Error(begun.reason)
  const own = await personOf(begun.value.community, me, NOON)
  const membership = withMember(begun.value, own)
  const outbox = new MessageQueue<Uint8Array>(256)
  const inbox = new MessageQueue<Uint8Array>(256)
  const outgoing = outbox[Symbol.asyncIterator]()
  const closed = Promise.withResolvers<void>()
  const close = () => {
    outbox.end()
    inbox.end()
    closed.resolve()
  }
  const channel: Channel = {
    messages: inbox,
    closed: closed.promise,
    send: async (message) => void outbox.push(message),
    close: async () => close(),
    abort: close,
  }
  const worker = new Worker(URL.createObjectURL(new Blob([SCRAMBLER])))
  const transform = (end: RTCRtpSender | RTCRtpReceiver) => {
    if (scrambled) end.transform = new RTCRtpScriptTransform(worker)
  }
  const connections = browserAudience(new Senders(), {
    seal: transform,
    open(receivers) {
      receivers.forEach(transform)
      return () => {}
    },
  })
  const key = signerOf(relay).publicKey
  let end: string | undefined
  const link = new AudienceLink<BrowserAudienceConnection>({
    room: idOf(bytesOf('the room')),
    relay: { peer: peerIdOf(key), key },
    speaks,
    me: { member: own.member, device: own.device, peer: signerOf(`${me} session`).publicKey },
    network: { openChannel: async () => channel },
    connections,
    clock: systemClock,
    verifier,
    membership: () => membership,
    onChange: () => {},
    onEnd: ({ reason }) => {
      end = reason
    },
  })
  if (speaks) await link.connection.send(microphone.getAudioTracks()[0]?.clone())
  return {
    state: () => ({ connected: link.connected, hearing: link.hearing, end }),
    async next() {
      const { value, done } = await outgoing.next()
      return done === true ? undefined : [...value]
    },
    take(message) {
      if (message === undefined) inbox.end()
      else inbox.push(Uint8Array.from(message))
    },
  }
}

window.audiencePage = {
  async start(me, relay, speaks, scrambled) {
    Object.assign(window.audiencePage, await start(me, relay, speaks, scrambled))
  },
} as AudiencePage
