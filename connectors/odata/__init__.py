"""OData V2 and V4 as business systems speak it: CSRF tokens, next links, deep insert, exact decimals."""
