-- A page of emits, newest first; what the platform emitted is not the organization's. The page is found by few columns and in small blocks: a part of
-- the table is read from its end, a block at least, and there are many. All else is looked up for the page alone.
WITH page AS
(
    SELECT emitId FROM emits
    WHERE {{emitFilters}}
        AND ({verdict:Nullable(String)} IS NULL OR verdict = {verdict:Nullable(String)})
        AND {{isNewestVerdict}}
    ORDER BY emitId DESC
    LIMIT 1 BY emitId
    LIMIT {limit:UInt32}
)
{{emitsOfPage}}
