/**
 * The floor: how soon any page at all could hear another, with nothing between the two but WebRTC.
 *
 * A bare RTCPeerConnection from the page that speaks to the page that listens. The microphone is open already, every
 * message of the signalling is carried by this process, and there is no identity, no relay and no check.
 */

import type { Page } from '../support/browsers.ts'
import { installEnergy } from './energy.ts'

type Message =
  | { readonly description: RTCSessionDescriptionInit }
  | { readonly candidate: RTCIceCandidateInit }

/** In milliseconds, from the listener's first step. */
export interface Floor {
  /** ICE and DTLS are done. */
  readonly connected: number
  /** The listener's page has played the first energy. */
  readonly heard: number
}

interface Bare {
  /** On the listener's side. */
  readonly measured: Promise<Floor>
  /** The next message for the other side; undefined after the last. */
  next(): Promise<Message | undefined>
  accept(message: Message): Promise<void>
  close(): void
}

declare global {
  interface Window {
    __bare: Bare
    __microphone: MediaStream | undefined
  }
}

/** The listener's page must carry the stopwatch and have been pressed once. */
export async function measureFloor(speaker: Page, listener: Page): Promise<Floor> {
  await speaker.evaluate(installEnergy)
  await speaker.evaluate(async () => {
    // Opened once and kept, and already heard: a microphone takes its own time to begin, which is no part of a floor.
    window.__microphone ??= await navigator.mediaDevices.getUserMedia({ audio: true })
    for (const track of window.__microphone.getTracks()) await window.__energyIn(track)
  })
  await listener.evaluate(install, false)
  await speaker.evaluate(install, true)
  const carried = Promise.all([carry(speaker, listener), carry(listener, speaker)])
  const floor = await listener.evaluate(() => window.__bare.measured)
  await carried
  await speaker.evaluate(() => window.__bare.close())
  await listener.evaluate(() => window.__bare.close())
  return floor
}

async function carry(from: Page, to: Page): Promise<void> {
  for (;;) {
    const message = await from.evaluate(() => window.__bare.next())
    if (message === undefined) return
    await to.evaluate((it: Message) => window.__bare.accept(it), message)
  }
}

/** Runs in the page; may use nothing from outside itself. */
function install(speaks: boolean): void {
  const began = performance.now()
  const connection = new RTCPeerConnection({ iceServers: [], bundlePolicy: 'max-bundle' })
  const connected = Promise.withResolvers<number>()
  const heard = Promise.withResolvers<number>()
  const waiting: (Message | undefined)[] = []
  let wake = () => {}
  const send = (message: Message | undefined) => {
    waiting.push(message)
    wake()
  }

  connection.onicecandidate = ({ candidate }) =>
    send(candidate === null ? undefined : { candidate: candidate.toJSON() })
  connection.onconnectionstatechange = () => {
    if (connection.connectionState === 'connected') connected.resolve(performance.now() - began)
  }
  connection.ontrack = ({ track }) => {
    const player = new Audio()
    player.srcObject = new MediaStream([track])
    void player.play()
    window.__energyIn(track).then((when) => heard.resolve(when - began), heard.reject)
  }
  const describe = async () => {
    await connection.setLocalDescription()
    const { type, sdp } = connection.localDescription as RTCSessionDescription
    send({ description: { type, sdp } })
  }

  window.__bare = {
    measured: Promise.all([connected.promise, heard.promise]).then((both) => ({
      connected: both[0],
      heard: both[1],
    })),
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
  for (const track of window.__microphone?.getTracks() ?? [])
    connection.addTransceiver(track, { direction: 'sendonly' })
  void describe()
}
