import type { ClusterEvent } from '@cloudless/proto';
import type { SqlValue, Statement } from '../sql/driver.ts';
import { deleteRow, rowColumns, rowValues } from './control-rows.ts';
import { EVENT_COLUMNS, eventValues } from './events.ts';
import type { ControlRows, ControlTable } from './store.ts';

/** Gathers what a request writes into few statements. Order within a table is kept; tables do not depend on each other. */
export interface RowWrites {
  put<T extends ControlTable>(table: T, row: ControlRows[T], version: number): void;
  remove(table: ControlTable, id: string): void;
  /** @param position of the event in its batch: order within a revision */
  event(event: ClusterEvent, position: number): void;
  statements(): readonly Statement[];
}

/** Rows of one statement. Sizes are powers of two, so that few texts are prepared however many rows come. */
const MOST_ROWS = 64;

type Run = { readonly head: string; readonly tail: string; readonly rows: (readonly SqlValue[])[]; readonly ids: Set<string> };

const largestChunk = (rows: number): number => Math.min(MOST_ROWS, 2 ** Math.floor(Math.log2(rows)));

function* chunksOf({ head, tail, rows }: Run): Generator<Statement> {
  for (let from = 0; from < rows.length;) {
    const chunk = rows.slice(from, from + largestChunk(rows.length - from));
    const places = `(${chunk[0]?.map(() => '?').join(', ')})`;
    yield { sql: `${head} VALUES ${chunk.map(() => places).join(', ')}${tail}`, params: chunk.flat() };
    from += chunk.length;
  }
}

/** A put inserts or replaces: which of the two was checked against memory, and the guard on the head revision keeps memory true. */
function putRun(table: ControlTable): Run {
  const columns = rowColumns(table);
  const changed = columns.filter((name) => name !== 'id').map((name) => `${name} = excluded.${name}`);
  return {
    head: `INSERT INTO ${table} (${columns.join(', ')})`,
    tail: ` ON CONFLICT (id) DO UPDATE SET ${changed.join(', ')}`,
    rows: [],
    ids: new Set(),
  };
}

export function createRowWrites(): RowWrites {
  const done: Statement[] = [];
  const puts = new Map<ControlTable, Run>();
  const events: Run = { head: `INSERT INTO event (${EVENT_COLUMNS.join(', ')})`, tail: '', rows: [], ids: new Set() };

  function flush(table: ControlTable): void {
    const run = puts.get(table);
    if (run) done.push(...chunksOf(run));
    puts.delete(table);
  }

  return {
    put(table, row, version) {
      // One statement writes a row once.
      if (puts.get(table)?.ids.has(row.id)) flush(table);
      const run = puts.get(table) ?? putRun(table);
      puts.set(table, run);
      run.ids.add(row.id);
      run.rows.push(rowValues(table, row, version));
    },
    remove(table, id) {
      flush(table);
      done.push(deleteRow(table, id));
    },
    event(event, position) {
      events.rows.push(eventValues(event, position));
    },
    statements() {
      for (const table of [...puts.keys()]) flush(table);
      return [...done, ...chunksOf(events)];
    },
  };
}
