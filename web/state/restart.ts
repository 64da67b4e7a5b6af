/** On which the tabs of this device tell each other to begin anew. */
const CHANNEL = 'palabre.restart'

/** Begins anew in every tab of this device, this one too: each runs as the device was set when it started. */
export function restart(): void {
  new BroadcastChannel(CHANNEL).postMessage(undefined)
}

/** What goodbyes may take: they end with the page, and others then miss us half a minute later. Milliseconds. */
const GOODBYES_MS = 2_000

/** @param close says goodbye to everybody */
export function restartWhenTold(close: () => Promise<void>): void {
  new BroadcastChannel(CHANNEL).onmessage = () => {
    const overdue = new Promise((resolve) => setTimeout(resolve, GOODBYES_MS))
    void Promise.race([close(), overdue]).finally(() => location.reload())
  }
}
