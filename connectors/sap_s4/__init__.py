"""SAP S/4HANA's published services over the `odata` protocol."""
