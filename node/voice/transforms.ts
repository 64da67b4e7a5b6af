import type { LinkKind } from '../../protocol/audio/voice.ts'
import type { KeyText } from '../../protocol/ids.ts'
import { type Observable, Observed } from '../observed.ts'
import type { VoiceSession } from '../ports/connections.ts'
import type { VoiceKeys } from './keys.ts'
import type { FromWorker, ToWorker, TransformOptions } from './messages.ts'
import type { VoiceCheck } from './opener.ts'

/** The worker of one room, through which every frame goes both ways (W3C WebRTC Encoded Transform). The page never sees one. */
export interface VoiceTransforms {
  readonly checks: Observable<ReadonlyMap<KeyText, VoiceCheck>>
  /** To be called before the sender has a track, once. */
  seal(sender: RTCRtpSender, link: LinkKind): void
  /** To be called before anything can come, once. Only this session's voice comes out. */
  open(receiver: RTCRtpReceiver, speaker: KeyText): void
  /**
   * The same for a link with a relay. Only voices of those last named by `allow` come out; nothing else says whose they are.
   * @param receivers all slots of the link
   * @param onSpeaker it is another's voice that comes in a slot now
   * @returns ends what `onSpeaker` is told
   */
  openSlots(
    receivers: readonly RTCRtpReceiver[],
    onSpeaker: (slot: number, speaker: KeyText) => void,
  ): () => void
  /** Whose voices may come over relays; nobody's before the first call. */
  allow(speakers: readonly KeyText[]): void
  use(keys: VoiceKeys): void
  /** Twice is safe. */
  close(): void
}

/** The worker of the room that is entered next: its code comes from the relay, and is fetched while the relay is there. */
export interface WaitingTransforms extends VoiceTransforms {
  /** Says which room it is; once. What came before waits for it. */
  begin(session: VoiceSession): void
}

/** Starts a worker, which waits for its room. */
export function waitingTransforms(): WaitingTransforms {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
  const checks = new Observed<ReadonlyMap<KeyText, VoiceCheck>>(new Map())
  const slots = new Map<number, (slot: number, speaker: KeyText) => void>()
  let links = 0
  const post = (message: ToWorker) => worker.postMessage(message)
  const transform = (options: TransformOptions) => new RTCRtpScriptTransform(worker, options)

  worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
    if (data.kind === 'check') checks.set(new Map(checks.value).set(data.speaker, data.check))
    else if (data.kind === 'slot') slots.get(data.number)?.(data.slot, data.speaker)
    else console.warn('palabre: voice', data.message)
  })
  return {
    checks,
    begin: ({ room, seed }) => post({ kind: 'begin', room, seed }),
    seal(sender, link) {
      sender.transform = transform({ side: 'seal', link })
    },
    open(receiver, speaker) {
      links += 1
      receiver.transform = transform({ side: 'open', link: 'mesh', number: links, speaker })
    },
    openSlots(receivers, onSpeaker) {
      links += 1
      const number = links
      slots.set(number, onSpeaker)
      for (const [slot, receiver] of receivers.entries())
        receiver.transform = transform({ side: 'open', link: 'relay', number, slot })
      return () => void slots.delete(number)
    },
    allow: (speakers) => post({ kind: 'stage', speakers }),
    use: (keys) => post({ kind: 'keys', keys }),
    close: () => worker.terminate(),
  }
}
