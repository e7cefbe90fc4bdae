import { formatNumber } from "../plot/index.js";
import type { Cell, TableColumn } from "./record.js";

/** Writes a cell for people; a quantity that does not exist shows its reason. */
export function cellText(cell: Cell, column: TableColumn): string {
  if (cell === null) return "";
  if (typeof cell === "string") return cell;
  if (typeof cell === "number") return formatNumber(cell, column.digits ?? 4);
  return cell.defined ? formatNumber(cell.value, column.digits ?? 4) : `undefined: ${cell.reason}`;
}
