// Says what the pages take each file for: on standard input a JSON list of heads in base64 with whether they are whole,
// on standard output a list of formats, null where it is no history.

import { readFileSync } from 'node:fs';
import { recogniseHead } from '../../gateway/web/src/recognise/heads.ts';
import { isNamedAsHistory, isNamedAsOther } from '../../gateway/web/src/recognise/names.ts';

const told = JSON.parse(readFileSync(0, 'utf8')).map(({ name, head, complete }) => {
  const format = recogniseHead(Buffer.from(head, 'base64'), complete);
  return [typeof format === 'string' ? format : null, isNamedAsHistory(name), isNamedAsOther(name)];
});
process.stdout.write(JSON.stringify(told));
