import { openDoor } from '../node/browser.ts'
import { start } from './start.ts'

const target = document.getElementById('app')
if (target === null) throw new Error('index.html has no element #app')
await start(target, openDoor)
