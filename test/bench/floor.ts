/**
 * The floor: how soon any page at all could hear another, with nothing between the two but WebRTC.
 *
 * A bare RTCPeerConnection from the page that speaks to the page that listens. The microphone is open already, every
 * message of the signalling is carried by this process, and there is no identity, no relay and no check.
 */

import type { Page } from '../support/browsers.ts'

type Message =
  | { readonly description: RTCSessionDescriptionInit }
  | { readonly candidate: RTCIceCandidateInit }

interface Floor {
  /** The listener: resolves to milliseconds from the call of `install` to the first energy. */
  readonly heard: Promise<number>
  /** The next message for the other side; undefined after the last. */
  next(): Promise<Message | undefined>
  accept(message: Message): Promise<void>
  close(): void
}

declare global {
  interface Window {
    __floor: Floor
    __microphone: MediaStream
  }
}

/** In milliseconds. The listener's page must carry the stopwatch and have been pressed once. */
export async function measureFloor(speaker: Page, listener: Page): Promise<number> {
  await speaker.evaluate(async () => {
    window.__microphone = await navigator.mediaDevices.getUserMedia({ audio: true })
  })
  await listener.evaluate(install, false)
  await speaker.evaluate(install, true)
  const carried = Promise.all([carry(speaker, listener), carry(listener, speaker)])
  const took = await listener.evaluate(() => window.__floor.heard)
  await carried
  await speaker.evaluate(() => {
    window.__floor.close()
    for (const track of window.__microphone.getTracks()) track.stop()
  })
  await listener.evaluate(() => window.__floor.close())
  return took
}

async function carry(from: Page, to: Page): Promise<void> {
  for (;;) {
    const message = await from.evaluate(() => window.__floor.next())
    if (message === undefined) return
    await to.evaluate((it: Message) => window.__floor.accept(it), message)
  }
}

/** Runs in the page; may use nothing from outside itself. */
function install(speaks: boolean): void {
  const began = performance.now()
  const connection = new RTCPeerConnection({ iceServers: [], bundlePolicy: 'max-bundle' })
  const heard = Promise.withResolvers<number>()
  const waiting: (Message | undefined)[] = []
  let wake = () => {}
  const send = (message: Message | undefined) => {
    waiting.push(message)
    wake()
  }

  connection.onicecandidate = ({ candidate }) =>
    send(candidate === null ? undefined : { candidate: candidate.toJSON() })
  connection.ontrack = ({ track }) => {
    const player = new Audio()
    player.srcObject = new MediaStream([track])
    void player.play()
    window.__stopwatch.energyIn(track).then((when) => heard.resolve(when - began), heard.reject)
  }
  const describe = async () => {
    await connection.setLocalDescription()
    const { type, sdp } = connection.localDescription as RTCSessionDescription
    send({ description: { type, sdp } })
  }

  window.__floor = {
    heard: heard.promise,
    async next() {
      if (waiting.length === 0)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      return waiting.shift()
    },
    async accept(message) {
      if ('candidate' in message) return connection.addIceCandidate(message.candidate)
      await connection.setRemoteDescription(message.description)
      if (message.description.type === 'offer') await describe()
    },
    close: () => connection.close(),
  }
  if (!speaks) return
  for (const track of window.__microphone.getTracks())
    connection.addTransceiver(track, { direction: 'sendonly' })
  void describe()
}
