import type { Storage } from './ports/storage.ts'

/** Of the device, whatever community it is in. */
const KEY = 'device/hides-address'

/** Whether this device hides its address from other people. It shows it, until its person says otherwise. */
export async function readHidesAddress(storage: Storage): Promise<boolean> {
  return (await storage.get(KEY)) === true
}

/** Holds for the sessions that start from now on. */
export async function writeHidesAddress(storage: Storage, hides: boolean): Promise<void> {
  await storage.put(KEY, hides)
}
