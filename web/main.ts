import { start } from './start.ts'

const target = document.getElementById('app')
if (target === null) throw new Error('index.html has no element #app')
// The screen is drawn while the network's code is still on its way.
await start(target, async () => (await import('../node/browser.ts')).openDoor())
